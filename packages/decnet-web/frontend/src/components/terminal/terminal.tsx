// SPDX-License-Identifier: MIT
/** Draws a terminal's screen. What an attacker sent is text nodes and classes, never markup. */

import { memo, type CSSProperties, type ReactElement } from "react";
import type { Run, Shown } from "./screen";
import type { Colour, Style } from "./style";
import styles from "./terminal.module.css";

interface Props {
  shown: Shown;
  columns: number;
  label: string;
}

export function Terminal({ shown, columns, label }: Props): ReactElement {
  return (
    <div className={styles.frame} tabIndex={0} role="group" aria-label={label}>
      <div className={styles.screen} style={{ "--columns": columns } as CSSProperties}>
        {shown.rows.map((runs, row) => (
          <Row key={row} runs={runs} cursor={shown.cursor?.row === row ? shown.cursor.column : -1} />
        ))}
      </div>
    </div>
  );
}

const Row = memo(function Row({ runs, cursor }: { runs: readonly Run[]; cursor: number }): ReactElement {
  return (
    <div className={styles.row}>
      {runs.map((run, index) => (
        <span key={index} className={classesOf(run.style)} style={coloursOf(run.style)}>
          {run.text}
        </span>
      ))}
      {cursor >= 0 && <i className={styles.cursor} style={{ "--column": cursor } as CSSProperties} aria-hidden />}
    </div>
  );
});

const FLAGS = ["bold", "faint", "italic", "underline", "struck", "hidden"] as const;

function classesOf(style: Style): string | undefined {
  const names = FLAGS.filter((flag) => style[flag]).map((flag) => styles[flag]);
  const [foreground, background] = colours(style);
  if (typeof foreground === "number") names.push(styles[`f${foreground}`]);
  if (typeof background === "number") names.push(styles[`b${background}`]);
  if (style.inverse && style.background === undefined) names.push(styles.onText);
  if (style.inverse && style.foreground === undefined) names.push(styles.asText);
  return names.join(" ") || undefined;
}

function coloursOf(style: Style): CSSProperties | undefined {
  const [foreground, background] = colours(style);
  const rgb: CSSProperties = {};
  if (typeof foreground === "string") rgb.color = foreground;
  if (typeof background === "string") rgb.backgroundColor = background;
  return rgb.color || rgb.backgroundColor ? rgb : undefined;
}

function colours(style: Style): [Colour, Colour] {
  return style.inverse ? [style.background, style.foreground] : [style.foreground, style.background];
}
