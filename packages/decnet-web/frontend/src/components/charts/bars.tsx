// SPDX-License-Identifier: MIT
/** Bars over time, drawn by uPlot: `<TimeBars label="Events by hour" times={seconds} values={counts} />`. */
import { useEffect, useRef, useState } from "react";
import { formatCompact, formatNumber, t } from "@/app/i18n";
import { usePreferences, useTheme } from "@/app/preferences";
import { absolute } from "@/components/show/times";
import { drawBars } from "./draw";
import styles from "./chart.module.css";

interface Props {
  label: string;
  /** The beginning of each bar, in seconds since the epoch, ascending and evenly spaced. */
  times: readonly number[];
  values: readonly number[];
  /** How long a bar is, in seconds: of a single one, its time does not say it. */
  step?: number;
  height?: number;
  /** Called with the beginning and the end of the range that is dragged over, in seconds. */
  onRange?: (from: number, to: number) => void;
}

const HOUR = 3600;

/** What lies between two bars; a single one is taken for an hour. */
export function barSeconds(times: readonly number[]): number {
  const [first, second] = times;
  return first !== undefined && second !== undefined ? second - first : HOUR;
}

interface Tip {
  left: number;
  words: string;
}

export function TimeBars({ label, times, values, step, height = 140, onRange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const { zone } = usePreferences();
  const [tip, setTip] = useState<Tip | null>(null);
  const range = useRef(onRange);
  useEffect(() => {
    range.current = onRange;
  }, [onRange]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let ended = false;
    let destroy: (() => void) | undefined;
    void import("./uplot").then(({ uPlot }) => {
      if (ended) return;
      destroy = drawBars(uPlot, element, {
        times,
        values,
        step: step ?? barSeconds(times),
        height,
        zone,
        format: formatCompact,
        onHover: (index, left) =>
          setTip(
            index === null
              ? null
              : {
                  left,
                  words: `${absolute(new Date((times[index] ?? 0) * 1000).toISOString(), zone)}: ${formatNumber(values[index] ?? 0)}`,
                },
          ),
        ...(range.current ? { onRange: (from: number, to: number) => range.current?.(from, to) } : {}),
      });
    });
    return () => {
      ended = true;
      destroy?.();
    };
  }, [times, values, step, height, zone, theme]);
  return (
    <figure className={styles.chart} aria-label={label}>
      <div ref={box} aria-hidden="true" style={{ minHeight: height }} />
      {tip && (
        <div className={styles.tip} style={{ left: tip.left }}>
          {tip.words}
        </div>
      )}
      <ValueTable label={label} times={times} values={values} zone={zone} />
    </figure>
  );
}

/** The same values for screen readers. */
function ValueTable({
  label,
  times,
  values,
  zone,
}: {
  label: string;
  times: readonly number[];
  values: readonly number[];
  zone: string;
}) {
  return (
    <div className="hidden-visually">
      <table>
        <caption>{t("chart.table", { label })}</caption>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{absolute(new Date(time * 1000).toISOString(), zone)}</th>
              <td>{formatNumber(values[index] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
