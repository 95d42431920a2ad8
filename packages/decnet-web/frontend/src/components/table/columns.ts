// SPDX-License-Identifier: MIT
import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** A grid track, e.g. "9rem" or "minmax(12rem, 2fr)"; default minmax(7rem, 1fr). */
  width?: string;
  /** The value of the parameter `sort`; only where the API, or a page that has all rows, sorts by it in either direction. */
  sort?: string;
  align?: "start" | "end";
  /** Wrap long text instead of cutting it. */
  wrap?: boolean;
  /** Not shown unless chosen. */
  optional?: boolean;
}

const DEFAULT_TRACK = "minmax(7rem, 1fr)";
const REM = 16;
const GAP = 12;

export function tracks<Row>(columns: readonly Column<Row>[]): string {
  return columns.map((column) => column.width ?? DEFAULT_TRACK).join(" ");
}

/** The least width in pixels that the columns need: the first length of each track. */
export function leastWidth<Row>(columns: readonly Column<Row>[]): number {
  const lengths = columns.map((column) => {
    const [, size, unit] = /([\d.]+)(rem|px)/.exec(column.width ?? DEFAULT_TRACK) ?? [];
    return Number(size ?? 0) * (unit === "px" ? 1 : REM);
  });
  return lengths.reduce((sum, length) => sum + length + GAP, GAP);
}
