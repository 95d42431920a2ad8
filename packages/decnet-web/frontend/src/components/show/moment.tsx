// SPDX-License-Identifier: MIT
import { usePreferences } from "@/app/preferences";
import { TICK_MS, useNow } from "./now";
import { absolute, ago, millis, zoneName } from "./times";
import styles from "./show.module.css";

interface Props {
  value: string | null | undefined;
  /** What is shown; the other one is in the tooltip. */
  show?: "ago" | "absolute" | "both";
  fraction?: boolean;
}

/** A time, relative or absolute in the chosen zone. */
export function Moment({ value, show = "both", fraction = false }: Props) {
  const { zone } = usePreferences();
  const now = useNow();
  if (!value) return <span className="muted">–</span>;
  const exact = absolute(value, zone, fraction);
  // A row can be younger than the last tick of the clock.
  const at = millis(value) ?? now;
  const age = ago(value, at > now && at - now < TICK_MS ? at : now);
  const title = `${absolute(value, zone, true)} ${zoneName(zone)} · ${age}`;
  return (
    <time className={styles.moment} dateTime={value} title={title}>
      {show === "ago" ? age : exact}
      {show === "both" && <small> {age}</small>}
    </time>
  );
}
