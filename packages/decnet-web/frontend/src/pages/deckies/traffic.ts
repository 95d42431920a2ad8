// SPDX-License-Identifier: MIT
/** Sums of who did how much to which decky. */

export interface Attack {
  attacker: string;
  decky: string;
  events: number;
  last_seen: string;
}

export function eventsByDecky(traffic: readonly Attack[]): Map<string, number> {
  const events = new Map<string, number>();
  for (const one of traffic) events.set(one.decky, (events.get(one.decky) ?? 0) + one.events);
  return events;
}

export interface Visitor {
  attacker: string;
  events: number;
  last_seen: string;
}

/** Who was on a decky, busiest first; several services of one attacker are one row. */
export function visitorsOf(traffic: readonly Attack[], decky: string): Visitor[] {
  const found = new Map<string, Visitor>();
  for (const one of traffic) {
    if (one.decky !== decky) continue;
    const before = found.get(one.attacker);
    found.set(one.attacker, {
      attacker: one.attacker,
      events: one.events + (before?.events ?? 0),
      last_seen: before && before.last_seen > one.last_seen ? before.last_seen : one.last_seen,
    });
  }
  return [...found.values()].sort((a, b) => b.events - a.events || a.attacker.localeCompare(b.attacker));
}
