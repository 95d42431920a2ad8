// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { counts, ordered, placeOf, type Step } from "./steps";

const step = (kind: Step["kind"], decky: string): Step => ({ kind, decky, differences: [] });

test("removals come first, names are ordered as numbers", () => {
  const steps = [step("add", "web-10"), step("change", "db"), step("add", "web-9"), step("remove", "old")];
  expect(ordered(steps).map((one) => one.decky)).toEqual(["old", "db", "web-9", "web-10"]);
  expect(counts(steps)).toEqual({ add: 2, change: 1, remove: 1 });
});

test.each([
  ["fleet.toml:12: decky web: persona: there is no persona 'x'", 12],
  ["document: Invalid value (at line 3, column 8)", 3],
  ["decky web: port 22 is taken", null],
])("the place of %s is line %s", (problem, line) => {
  expect(placeOf(problem)).toBe(line);
});
