// SPDX-License-Identifier: MIT
/**
 * Which rows of a long list are in view. Browsers draw no element higher than some 17 (Firefox) to 33 million pixels, so
 * a list that would be higher is drawn lower and its scroll bar is scaled: the rows in view keep their height.
 */
export const TALLEST = 8_000_000;

export interface View {
  /** The height of the whole list in pixels. */
  height: number;
  first: number;
  count: number;
  /** Where the first of these rows is drawn. */
  top: number;
}

const OVERSCAN = 6;

export function viewOf(rows: number, rowHeight: number, scrollTop: number, viewport: number): View {
  const full = rows * rowHeight;
  const height = Math.min(full, TALLEST);
  const most = Math.max(1, height - viewport);
  const position = height === full ? scrollTop : (Math.min(scrollTop, most) / most) * (full - viewport);
  const first = Math.max(0, Math.min(rows - 1, Math.floor(position / rowHeight) - OVERSCAN));
  const count = Math.max(0, Math.min(rows - first, Math.ceil(viewport / rowHeight) + 2 * OVERSCAN));
  return { height, first, count, top: scrollTop - position + first * rowHeight };
}
