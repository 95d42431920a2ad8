// SPDX-License-Identifier: MIT
/** Bars for a span of time: how wide they are, and the empty ones between those that the API names. */

export const MOST_BARS = 240;
const STEPS = [1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 12 * 3600, 86_400, 7 * 86_400];

/** The least step (s) with which a span has at most `most` bars. */
export function stepFor(from: number, until: number, most = MOST_BARS): number {
  const span = Math.max(0, until - from);
  return STEPS.find((step) => span / step <= most) ?? 7 * 86_400;
}

export interface Bars {
  times: number[];
  values: number[];
}

/** Bars of a step that suits the whole span, of at least `least` seconds. */
export function suited(buckets: readonly { at: string; events: number }[], least: number): Bars {
  const times = buckets.map((one) => Date.parse(one.at) / 1000).filter(Number.isFinite);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return filled(buckets, times.length ? Math.max(least, stepFor(first, last)) : least);
}

/** Bars from the first to the last bucket, evenly spaced; a bucket without a time is left out. */
export function filled(buckets: readonly { at: string; events: number }[], step: number): Bars {
  const counts = new Map<number, number>();
  for (const one of buckets) {
    const at = Math.floor(Date.parse(one.at) / 1000 / step) * step;
    if (Number.isFinite(at)) counts.set(at, (counts.get(at) ?? 0) + one.events);
  }
  if (!counts.size) return { times: [], values: [] };
  const known = [...counts.keys()].sort((one, other) => one - other);
  const [first, last] = [known[0]!, known.at(-1)!];
  const number = Math.min(2 * MOST_BARS, Math.floor((last - first) / step) + 1);
  const times = Array.from({ length: number }, (_, index) => first + index * step);
  return { times, values: times.map((time) => counts.get(time) ?? 0) };
}
