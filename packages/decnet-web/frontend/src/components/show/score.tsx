// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import styles from "./show.module.css";

/** A score of 0 to 100 as number and bar. */
export function Score({ value }: { value: number }) {
  const shown = Math.round(value);
  return (
    <span className={styles.score} title={t("score.of", { n: shown })}>
      <span className={styles.points}>{shown}</span>
      <span className={styles.bar} aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(100, shown))}%` }} />
      </span>
    </span>
  );
}
