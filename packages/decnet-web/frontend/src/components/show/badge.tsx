// SPDX-License-Identifier: MIT
import type { ReactNode } from "react";
import styles from "./show.module.css";

export type Tone = "neutral" | "good" | "warn" | "bad" | "accent";

/** A state or tag in a word; the mark before it differs in shape as well as in colour. `bare` leaves it out. */
export function Badge({
  tone = "neutral",
  bare = false,
  children,
}: {
  tone?: Tone;
  bare?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={`${styles.badge} ${tone === "neutral" ? "" : styles[tone]} ${bare ? styles.none : ""}`}>
      {children}
    </span>
  );
}
