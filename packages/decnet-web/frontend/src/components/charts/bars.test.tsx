// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { barSeconds } from "./bars";
import { spanOf } from "./draw";

test("a bar reaches to the next one, and a single one is an hour long", () => {
  expect(barSeconds([1_700_000_000, 1_700_000_060])).toBe(60);
  expect(barSeconds([1_700_000_000])).toBe(3600);
  expect(barSeconds([])).toBe(3600);
});

test("the axis reaches over the bars, also over a single one", () => {
  expect(spanOf([600, 660, 720], 60)).toEqual([570, 750]);
  expect(spanOf([600], 60)).toEqual([570, 630]);
});
