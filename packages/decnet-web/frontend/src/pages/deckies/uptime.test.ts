// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { spans, uptime } from "./uptime";

test("a decky ran from when it was started", () => {
  expect(spans([{ kind: "started", at: 40 }], 0, 100, true)).toEqual([
    { condition: "absent", from: 0, to: 40 },
    { condition: "running", from: 40, to: 100 },
  ]);
});

test("what was before the window decides how it begins, in any order of the records", () => {
  const records = [
    { kind: "failed", at: 60 },
    { kind: "repaired", at: 70 },
    { kind: "started", at: -5 },
  ];
  expect(spans(records, 0, 100, false)).toEqual([
    { condition: "running", from: 0, to: 60 },
    { condition: "failed", from: 60, to: 70 },
    { condition: "running", from: 70, to: 100 },
  ]);
});

test("a change of what is wanted is no change of what runs", () => {
  const records = [
    { kind: "started", at: 0 },
    { kind: "changed", at: 50 },
    { kind: "removed", at: 60 },
  ];
  expect(spans(records, 0, 100, true)).toEqual([{ condition: "running", from: 0, to: 100 }]);
});

test("without records nobody knows", () => {
  const found = spans([], 0, 100, false);
  expect(found).toEqual([{ condition: "unknown", from: 0, to: 100 }]);
  expect(uptime(found)).toBeNull();
});

test("uptime counts failures and not the time before it was there", () => {
  const records = [
    { kind: "started", at: 20 },
    { kind: "failed", at: 80 },
  ];
  expect(uptime(spans(records, 0, 100, true))).toBeCloseTo(0.75);
});

test("the spans have no gap", () => {
  const records = [10, 20, 20, 30].map((at, index) => ({ kind: index % 2 ? "failed" : "started", at }));
  const found = spans(records, 0, 50, true);
  expect(found[0]!.from).toBe(0);
  expect(found.at(-1)!.to).toBe(50);
  found.slice(1).forEach((one, index) => expect(one.from).toBe(found[index]!.to));
});
