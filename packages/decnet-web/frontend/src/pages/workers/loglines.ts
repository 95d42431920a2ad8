// SPDX-License-Identifier: MIT
/** Which lines of a log are shown. */

export const LEVELS = ["debug", "info", "warning", "error"] as const;

const ORDER: readonly string[] = [...LEVELS, "critical"];

/** Return the lines with all `words`, of at least `level`; a line without a level belongs to the line before it. */
export function shownLines<Line extends { level: string; message: string; logger: string }>(
  lines: readonly Line[],
  words: string,
  level: string,
): Line[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const least = level === "" ? -1 : ORDER.indexOf(level);
  let rank = ORDER.length;
  return lines.filter((one) => {
    const own = ORDER.indexOf(one.level.toLowerCase());
    if (own >= 0) rank = own;
    const text = `${one.logger} ${one.message}`.toLowerCase();
    return rank >= least && wanted.every((word) => text.includes(word));
  });
}
