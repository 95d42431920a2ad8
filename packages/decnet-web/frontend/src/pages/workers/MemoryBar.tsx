// SPDX-License-Identifier: MIT
/** The fleet's memory as one bar: what all processes share, then what each has alone. */
import { formatBytes as size, t, tn } from "@/app/i18n";
import { stacked, type FleetMemory } from "./memory";
import styles from "./MemoryBar.module.css";

const SHADES = 5;

export function MemoryBar({ memory }: { memory: FleetMemory }) {
  const bar = stacked(memory);
  const words = t("workers.memory.words", {
    total: size(memory.total),
    shared: size(memory.shared),
    own: size(memory.own),
  });
  return (
    <svg className={styles.bar} viewBox="0 0 1000 40" preserveAspectRatio="none" role="img" aria-label={words}>
      <rect className={styles.shared} x={0} y={0} width={1000 * bar.shared.width} height={40}>
        <title>{tn("workers.memory.sharedBy", memory.shares.length, { size: size(memory.shared) })}</title>
      </rect>
      {bar.own.map((one, index) => (
        <rect
          key={one.name}
          className={styles.own}
          data-shade={index % SHADES}
          x={1000 * one.start}
          y={0}
          width={Math.max(0.5, 1000 * one.width - 1.5)}
          height={40}
        >
          <title>{t("workers.memory.alone", { name: one.name, size: size(one.width * memory.total) })}</title>
        </rect>
      ))}
    </svg>
  );
}
