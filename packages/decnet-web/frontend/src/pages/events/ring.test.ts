// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { Ring } from "./ring";
import { TALLEST, viewOf } from "./window";

test("a ring keeps the newest, by their number", () => {
  const ring = new Ring<number>(3);
  expect([ring.length, ring.at(0)]).toEqual([0, undefined]);
  for (let n = 0; n < 8; n += 1) ring.push(n * 10);
  expect([ring.length, ring.total]).toEqual([3, 8]);
  expect([4, 5, 6, 7, 8, -1].map((n) => ring.at(n))).toEqual([undefined, 50, 60, 70, undefined, undefined]);
  ring.clear();
  expect([ring.length, ring.at(7)]).toEqual([0, undefined]);
});

test("a million rows cost no more per row than a few", () => {
  const ring = new Ring<number>(1_000_000);
  for (let n = 0; n < 1_200_000; n += 1) ring.push(n);
  expect([ring.length, ring.at(199_999), ring.at(200_000), ring.at(1_199_999)]).toEqual([
    1_000_000,
    undefined,
    200_000,
    1_199_999,
  ]);
});

test("the rows in view stand where the scroll bar says", () => {
  const view = viewOf(1000, 28, 2800, 560);
  expect(view.height).toBe(28_000);
  expect(view.first).toBeLessThanOrEqual(100);
  expect(view.first + view.count).toBeGreaterThanOrEqual(120);
  expect(view.top).toBe(view.first * 28);
});

test("a list that is higher than browsers draw is scaled: its first and last rows can be reached", () => {
  const rows = 1_000_000;
  expect(viewOf(rows, 28, 0, 560).first).toBe(0);
  const end = viewOf(rows, 28, TALLEST - 560, 560);
  expect(end.height).toBe(TALLEST);
  expect(end.first + end.count).toBe(rows);
  // The last row ends at the lower edge of the view.
  expect(end.top + end.count * 28).toBeCloseTo(TALLEST, 0);
});

test("an empty list has no rows", () => {
  expect(viewOf(0, 28, 0, 560)).toMatchObject({ height: 0, count: 0 });
});
