// SPDX-License-Identifier: MIT
/** When a decky ran and when it did not, from what reconciler recorded of it. Times are milliseconds. */

export type Condition = "running" | "failed" | "absent" | "unknown";

export interface Recorded {
  kind: string;
  at: number;
}

export interface Span {
  condition: Condition;
  from: number;
  to: number;
}

const CONDITION: Readonly<Record<string, Condition>> = {
  started: "running",
  repaired: "running",
  stopped: "absent",
  failed: "failed",
  gone: "absent",
};

/**
 * Return the spans of `from` to `to`, without a gap. Before the first record nobody knows, unless `complete`: then there
 * was no decky. Records of what was wanted (added, changed, removed) say nothing about what ran.
 */
export function spans(records: readonly Recorded[], from: number, to: number, complete: boolean): Span[] {
  const told = records.filter((one) => one.kind in CONDITION && one.at <= to).sort((a, b) => a.at - b.at);
  let condition: Condition = complete ? "absent" : "unknown";
  let since = from;
  const found: Span[] = [];
  for (const one of told) {
    const next = CONDITION[one.kind]!;
    if (one.at > from && next !== condition) {
      if (one.at > since) found.push({ condition, from: since, to: one.at });
      since = one.at;
    }
    condition = next;
  }
  if (to > since) found.push({ condition, from: since, to });
  return found;
}

/** Return which part of the known time it ran, 0 to 1; null when nothing is known of it. */
export function uptime(found: readonly Span[]): number | null {
  const length = (conditions: readonly Condition[]) =>
    found.reduce((sum, one) => sum + (conditions.includes(one.condition) ? one.to - one.from : 0), 0);
  const known = length(["running", "failed"]);
  return known === 0 ? null : length(["running"]) / known;
}
