// SPDX-License-Identifier: MIT
interface Placed {
  id: string;
  seq: number;
}

/** The `most` newest of both, newest first, each once. */
export function newest<Row extends Placed>(some: readonly Row[], others: readonly Row[], most: number): Row[] {
  const byId = new Map([...others, ...some].map((row) => [row.id, row]));
  return [...byId.values()].sort((a, b) => b.seq - a.seq).slice(0, most);
}

/** Counts of hours, of which those without events are left out, as even steps of seconds from `since` to `until`. */
export function evenHours(
  hours: readonly { at: string; events: number }[],
  since: string,
  until: string,
): { times: number[]; values: number[] } {
  const HOUR = 3600;
  const DAY = 24 * HOUR;
  const seconds = (moment: string) => Math.floor(Date.parse(moment.replace(/(\.\d{3})\d+/, "$1")) / 1000);
  const counted = hours.map((hour) => [seconds(hour.at), hour.events] as const);
  const until_ = seconds(until);
  const first = Math.max(seconds(since), until_ - 400 * DAY, 0);
  // Without a bound in time the first hour with events begins; more than a week is shown by day.
  const from = Math.max(first, Math.min(...counted.map(([at]) => at), until_ - DAY));
  const size = until_ - from > 8 * DAY ? DAY : HOUR;
  const start = Math.floor(from / size) * size;
  const count = Math.max(1, Math.ceil((until_ - start) / size));
  const times = Array.from({ length: count }, (_, index) => start + index * size);
  const values = Array<number>(count).fill(0);
  for (const [at, events] of counted) {
    const index = Math.floor((at - start) / size);
    if (index >= 0 && index < count) values[index] = (values[index] ?? 0) + events;
  }
  return { times, values };
}
