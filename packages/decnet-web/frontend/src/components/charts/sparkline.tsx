// SPDX-License-Identifier: MIT
import styles from "./chart.module.css";

/** A line without axes in as much room as it gets; `label` says what it shows. */
export function Sparkline({
  values,
  label,
  height = 28,
}: {
  values: readonly number[];
  label: string;
  height?: number;
}) {
  if (values.length < 2) return null;
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${(index / (values.length - 1)) * 100},${100 - (value / most) * 100}`);
  return (
    <div style={{ height }}>
      <svg className={styles.spark} viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label}>
        <polygon points={`0,100 ${points.join(" ")} 100,100`} fill="var(--accent-weak)" />
        <polyline
          points={points.join(" ")}
          fill="none"
          stroke="var(--chart)"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </div>
  );
}
