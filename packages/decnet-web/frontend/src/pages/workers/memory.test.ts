// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { fleetMemory, stacked } from "./memory";

const MIB = 1 << 20;
const PROCESSES = [
  { name: "bus", rss: 60 * MIB, pss: 9 * MIB, uss: 4 * MIB },
  { name: "ttp", rss: 80 * MIB, pss: 16 * MIB, uss: 11 * MIB },
];

test("the fleet takes the sum of PSS, of which USS is private and the rest shared", () => {
  const memory = fleetMemory(PROCESSES);
  expect(memory.total).toBe(25 * MIB);
  expect(memory.own).toBe(15 * MIB);
  expect(memory.shared).toBe(10 * MIB);
  expect(memory.naive).toBe(140 * MIB);
});

test("shares are ordered by size on a scale that the largest fills", () => {
  const { shares } = fleetMemory(PROCESSES);
  expect(shares.map((one) => one.name)).toEqual(["ttp", "bus"]);
  expect(shares[0]!.ownWidth + shares[0]!.sharedWidth).toBeCloseTo(1);
  expect(shares[1]!.ownWidth).toBeCloseTo(4 / 16);
});

test("the stacked bar has no gap and ends at one", () => {
  const bar = stacked(fleetMemory(PROCESSES));
  let end = bar.shared.start + bar.shared.width;
  for (const one of bar.own) {
    expect(one.start).toBeCloseTo(end);
    end = one.start + one.width;
  }
  expect(end).toBeCloseTo(1);
});

test("a process whose private pages were counted a moment later than its PSS has no negative share", () => {
  const memory = fleetMemory([{ name: "bus", rss: 10, pss: 5, uss: 6 }]);
  expect(memory.shared).toBe(0);
  expect(memory.shares[0]!.sharedWidth).toBe(0);
});

test("an empty fleet takes nothing", () => {
  expect(fleetMemory([])).toEqual({ total: 0, own: 0, shared: 0, naive: 0, shares: [] });
});
