// SPDX-License-Identifier: MIT
/** Sums of who did how much to which decky. */

export interface Attack {
  attacker: string;
  decky: string;
  events: number;
  last_seen: string;
}

/** Events by decky, of those that the lines of the map stand for. */
export function eventsByDecky(traffic: readonly Attack[]): Map<string, number> {
  const events = new Map<string, number>();
  for (const one of traffic) events.set(one.decky, (events.get(one.decky) ?? 0) + one.events);
  return events;
}
