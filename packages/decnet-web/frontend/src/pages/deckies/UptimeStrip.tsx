// SPDX-License-Identifier: MIT
/** When a decky ran, as a strip of time. */
import { tv } from "@/app/i18n";
import type { Span } from "./uptime";
import styles from "./UptimeStrip.module.css";

const WIDTH = 1000;

export function UptimeStrip({ spans, label }: { spans: readonly Span[]; label: string }) {
  const from = spans[0]?.from ?? 0;
  const length = Math.max(1, (spans.at(-1)?.to ?? 1) - from);
  return (
    <svg className={styles.strip} viewBox={`0 0 ${WIDTH} 18`} preserveAspectRatio="none" role="img" aria-label={label}>
      {spans.map((one) => (
        <rect
          key={one.from}
          data-condition={one.condition}
          x={((one.from - from) / length) * WIDTH}
          width={Math.max(2, ((one.to - one.from) / length) * WIDTH)}
          y={one.condition === "running" ? 0 : 4}
          height={one.condition === "running" ? 18 : 10}
        >
          <title>
            {tv("deckies.condition", one.condition)}: {new Date(one.from).toISOString()} –{" "}
            {new Date(one.to).toISOString()}
          </title>
        </rect>
      ))}
    </svg>
  );
}
