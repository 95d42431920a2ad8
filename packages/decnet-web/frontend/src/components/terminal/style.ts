// SPDX-License-Identifier: MIT
/** Colours and attributes of text on a terminal (ECMA-48 SGR, with the 256 and the RGB colours of xterm). */

/** `undefined`: the default; a number: one of the 16 colours; a string: `#rrggbb`. */
export type Colour = number | string | undefined;

export interface Style {
  readonly foreground?: Colour;
  readonly background?: Colour;
  readonly bold?: boolean;
  readonly faint?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
  readonly struck?: boolean;
  readonly hidden?: boolean;
}

export const PLAIN: Style = {};

const SIMPLE: Readonly<Record<number, Style>> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  8: { hidden: true },
  9: { struck: true },
  21: { underline: true },
  22: { bold: false, faint: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  28: { hidden: false },
  29: { struck: false },
  39: { foreground: undefined },
  49: { background: undefined },
};

/** Return the style after `CSI ... m`. */
export function restyled(style: Style, parameters: readonly number[]): Style {
  let changed = style;
  for (let index = 0; index < Math.max(1, parameters.length); index++) {
    const code = parameters[index] ?? 0;
    if (code === 0) changed = PLAIN;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(parameters, index + 1);
      changed = { ...changed, [code === 38 ? "foreground" : "background"]: colour };
      index += used;
    } else changed = { ...changed, ...(SIMPLE[code] ?? simpleColour(code)) };
  }
  return changed;
}

function simpleColour(code: number): Style {
  if (code >= 30 && code <= 37) return { foreground: code - 30 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 90 && code <= 97) return { foreground: code - 82 };
  if (code >= 100 && code <= 107) return { background: code - 92 };
  return {};
}

/** Return the colour of `38;5;N` or `38;2;R;G;B`, and how many parameters after 38 it took. */
function extended(parameters: readonly number[], index: number): [Colour, number] {
  if (parameters[index] === 5) return [indexed(parameters[index + 1] ?? 0), 2];
  if (parameters[index] !== 2) return [undefined, 0];
  const [red = 0, green = 0, blue = 0] = parameters.slice(index + 1, index + 4);
  return [hexadecimal(red, green, blue), 4];
}

function indexed(number: number): Colour {
  if (number < 16) return number;
  if (number > 255) return undefined;
  if (number >= 232) {
    const grey = 8 + (number - 232) * 10;
    return hexadecimal(grey, grey, grey);
  }
  const step = (value: number): number => (value ? 55 + value * 40 : 0);
  const cube = number - 16;
  return hexadecimal(step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6));
}

function hexadecimal(...parts: number[]): string {
  return `#${parts.map((part) => Math.min(255, part).toString(16).padStart(2, "0")).join("")}`;
}
