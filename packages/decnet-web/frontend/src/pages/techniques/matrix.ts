// SPDX-License-Identifier: MIT
/** The ATT&CK matrix of what was recognised: a column for each tactic, sub-techniques below their technique. */

export interface Used {
  technique: string;
  name: string | null;
  tactics: readonly string[];
  tags: number;
  attackers: number;
  first_seen: string;
  last_seen: string;
}

export interface Tactic {
  tactic: string;
  name: string;
}

export type Measure = "tags" | "attackers";

export interface Cell {
  technique: string;
  /** Without the name of the parent. */
  name: string;
  sub: boolean;
  tags: number;
  attackers: number;
  /** Of the cell and, for a technique, of its sub-techniques. */
  value: number;
  /** 0 for nothing, to LEVELS. */
  level: number;
  isNew: boolean;
}

export interface Column extends Tactic {
  cells: Cell[];
}

export const LEVELS = 6;
const OTHER = "";

/** `newSince`: techniques first seen since then are marked. A technique stands in each of its tactics, as in ATT&CK. */
export function matrixOf(
  tactics: readonly Tactic[],
  used: readonly Used[],
  measure: Measure,
  newSince: number | null = null,
): Column[] {
  const known = new Set(tactics.map((one) => one.tactic));
  const most = Math.max(1, ...used.map((one) => one[measure]));
  const columns = [...tactics, { tactic: OTHER, name: "" }].map((tactic) => {
    const inside = used.filter((one) =>
      tactic.tactic === OTHER ? !one.tactics.some((name) => known.has(name)) : one.tactics.includes(tactic.tactic),
    );
    return { ...tactic, cells: cellsOf(inside, measure, most, newSince) };
  });
  return columns.filter((column) => column.tactic !== OTHER || column.cells.length > 0);
}

function cellsOf(used: readonly Used[], measure: Measure, most: number, newSince: number | null): Cell[] {
  const parents = new Map<string, Used[]>();
  for (const one of used) {
    const parent = parentOf(one.technique);
    parents.set(parent, [...(parents.get(parent) ?? []), one]);
  }
  const families = [...parents.entries()].map(([parent, members]) => family(parent, members, measure, most, newSince));
  return families.sort((one, other) => other[0]!.value - one[0]!.value || byId(one[0]!, other[0]!)).flat();
}

/** A technique, then its sub-techniques; one of which only sub-techniques were seen has no counts of its own. */
function family(
  parent: string,
  members: readonly Used[],
  measure: Measure,
  most: number,
  newSince: number | null,
): Cell[] {
  const itself = members.find((one) => one.technique === parent);
  const subs = members.filter((one) => one.technique !== parent).map((one) => cellOf(one, measure, most, newSince));
  const head: Cell = itself
    ? cellOf(itself, measure, most, newSince)
    : { ...NOTHING, technique: parent, name: familyName(members), level: 0 };
  const value = Math.max(head.value, ...subs.map((one) => one.value));
  return [{ ...head, value }, ...subs.sort((one, other) => other.value - one.value || byId(one, other))];
}

const NOTHING = { sub: false, tags: 0, attackers: 0, value: 0, isNew: false } as const;

function cellOf(one: Used, measure: Measure, most: number, newSince: number | null): Cell {
  const sub = one.technique.includes(".");
  const name = one.name ?? one.technique;
  return {
    technique: one.technique,
    name: sub ? name.slice(name.indexOf(": ") + 1).trim() : name,
    sub,
    tags: one.tags,
    attackers: one.attackers,
    value: one[measure],
    level: levelOf(one[measure], most),
    isNew: newSince !== null && Date.parse(one.first_seen) >= newSince,
  };
}

/** Counts differ by orders of magnitude: the level is of the logarithm. Whatever was seen has at least 1. */
export function levelOf(value: number, most: number): number {
  if (value <= 0) return 0;
  if (most <= 1) return LEVELS;
  return 1 + Math.round((Math.log(Math.min(value, most)) / Math.log(most)) * (LEVELS - 1));
}

export function parentOf(technique: string): string {
  return technique.split(".")[0] ?? technique;
}

function familyName(members: readonly Used[]): string {
  const name = members[0]?.name ?? "";
  return name.includes(": ") ? name.slice(0, name.indexOf(": ")) : parentOf(members[0]?.technique ?? "");
}

function byId(one: Cell, other: Cell): number {
  return one.technique < other.technique ? -1 : 1;
}

export interface Place {
  column: number;
  row: number;
}

/** Where an arrow key leads in the grid; empty columns are passed over. Null: the key is not one of them. */
export function moved(columns: readonly Column[], from: Place, key: string): Place | null {
  const last = Math.max(0, (columns[from.column]?.cells.length ?? 0) - 1);
  const rows: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(last, from.row + 1),
    ArrowUp: Math.max(0, from.row - 1),
    Home: 0,
    End: last,
  };
  const row = rows[key];
  if (row !== undefined) return { ...from, row };
  if (key !== "ArrowRight" && key !== "ArrowLeft") return null;
  return sideways(columns, from, key === "ArrowRight" ? 1 : -1);
}

function sideways(columns: readonly Column[], from: Place, step: 1 | -1): Place {
  for (let column = from.column + step; column >= 0 && column < columns.length; column += step) {
    const there = columns[column]!.cells.length;
    if (there) return { column, row: Math.min(from.row, there - 1) };
  }
  return from;
}
