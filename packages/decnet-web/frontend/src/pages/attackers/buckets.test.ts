// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { MOST_BARS, filled, stepFor, suited } from "./buckets";

it.each([
  [0, 1],
  [7, 1],
  [240, 1],
  [600, 5],
  [3600, 15],
  [4 * 3600, 60],
  [86_400, 900],
  [7 * 86_400, 3600],
  [120 * 86_400, 12 * 3600],
  [1e9, 7 * 86_400],
])("a span of %i s has a step of %i s", (span, step) => {
  expect(stepFor(0, span)).toBe(step);
});

it("fills the gaps with zeros", () => {
  const bars = filled(
    [
      { at: "2026-01-01T00:03:00Z", events: 5 },
      { at: "2026-01-01T00:00:00.000000000Z", events: 2 },
      { at: "nonsense", events: 9 },
    ],
    60,
  );
  expect(bars.values).toEqual([2, 0, 0, 5]);
  expect(bars.times[1]! - bars.times[0]!).toBe(60);
});

it("is bounded, and empty without buckets", () => {
  const far = ["2000-01-01T00:00:00Z", "2026-01-01T00:00:00Z"].map((at) => ({ at, events: 1 }));
  expect(filled(far, 60).times).toHaveLength(2 * MOST_BARS);
  expect(filled([], 60)).toEqual({ times: [], values: [] });
});

it("joins hours of a long span to longer steps, and loses no event", () => {
  const hours = Array.from({ length: 1000 }, (_, n) => ({ at: new Date(n * 3 * 3_600_000).toISOString(), events: 2 }));
  const bars = suited(hours, 3600);
  expect(bars.times.length).toBeLessThanOrEqual(MOST_BARS + 1);
  expect(bars.values.reduce((sum, value) => sum + value, 0)).toBe(2000);
  expect(suited([], 3600).times).toEqual([]);
});
