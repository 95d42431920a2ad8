// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import styles from "./feedback.module.css";

/** Stands where something is being loaded; `lines` of text or a block of `height` pixels. */
export function Skeleton({ lines = 1, height = 16 }: { lines?: number; height?: number }) {
  return (
    <div role="status" aria-label={t("common.loading")}>
      {Array.from({ length: lines }, (_, index) => (
        <span
          key={index}
          className={styles.skeleton}
          style={{ height, marginBlock: 6, width: lines > 1 && index === lines - 1 ? "60%" : "100%" }}
        />
      ))}
    </div>
  );
}
