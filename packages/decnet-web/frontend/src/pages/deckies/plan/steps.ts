// SPDX-License-Identifier: MIT
/** What a plan does, as the page shows it. */

export interface Difference {
  field: string;
  before: string;
  after: string;
}

export interface Step {
  kind: "add" | "change" | "remove";
  decky: string;
  differences: readonly Difference[];
}

export type Counts = Record<Step["kind"], number>;

export const MARKS: Readonly<Record<Step["kind"], string>> = { add: "+", change: "~", remove: "−" };

/** How many deckies are added, changed and removed. */
export function counts(steps: readonly Step[]): Counts {
  const found: Counts = { add: 0, change: 0, remove: 0 };
  for (const one of steps) found[one.kind] += 1;
  return found;
}

/** Removals first, since they cannot be undone by closing the page; then changes, then additions; each by name. */
export function ordered(steps: readonly Step[]): Step[] {
  const order: Step["kind"][] = ["remove", "change", "add"];
  const names = new Intl.Collator("en", { numeric: true });
  return [...steps].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || names.compare(a.decky, b.decky));
}

/** Line and column (from 1) that a message such as `fleet.toml:12: decky web: ...` names; null for none. */
export function placeOf(problem: string): number | null {
  const found = /^[^:\n]*:(\d+): /.exec(problem) ?? /\(at line (\d+), column \d+\)/.exec(problem);
  return found ? Number(found[1]) : null;
}
