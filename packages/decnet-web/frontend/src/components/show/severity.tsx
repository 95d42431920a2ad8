// SPDX-License-Identifier: MIT
import { t, type Key } from "@/app/i18n";
import styles from "./show.module.css";

const NAMES: readonly string[] = ["info", "low", "medium", "high", "critical"];

/** 0 (info) to 4 (critical), from a number or a word; unknown is 0. */
export function severityLevel(value: number | string): 0 | 1 | 2 | 3 | 4 {
  const level = typeof value === "number" ? value : NAMES.indexOf(value.toLowerCase());
  return Math.max(0, Math.min(4, level)) as 0 | 1 | 2 | 3 | 4;
}

/** A severity as word, colour and number of bars, so that no one needs to tell colours apart. */
export function Severity({ value }: { value: number | string }) {
  const level = severityLevel(value);
  return (
    <span className={`${styles.severity} ${styles[`sev${level}`]}`}>
      <svg width="13" height="11" viewBox="0 0 13 11" aria-hidden="true">
        {[1, 2, 3, 4].map((bar) => (
          <rect
            key={bar}
            x={(bar - 1) * 3.4}
            y={10 - bar * 2.4}
            width="2.4"
            height={bar * 2.4 + 1}
            rx="0.8"
            fill="currentColor"
            opacity={bar <= level ? 1 : 0.28}
          />
        ))}
      </svg>
      {t(`severity.${level}` as Key)}
    </span>
  );
}
