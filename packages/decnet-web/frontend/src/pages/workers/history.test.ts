// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { linePath, MOST_SAMPLES, withSample } from "./history";

test("samples are bounded, and the newest stay", () => {
  let samples: { at: number; bytes: number }[] = [];
  for (let at = 0; at < MOST_SAMPLES + 10; at++) samples = withSample(samples, { at, bytes: at });
  expect(samples).toHaveLength(MOST_SAMPLES);
  expect(samples.at(-1)!.at).toBe(MOST_SAMPLES + 9);
});

test("the same answer, shown again, is no second sample", () => {
  const samples = withSample([{ at: 5, bytes: 1 }], { at: 5, bytes: 2 });
  expect(samples).toEqual([{ at: 5, bytes: 2 }]);
});

test("the line begins at the left, ends at the right and is drawn from zero", () => {
  const path = linePath(
    [
      { at: 0, bytes: 100 },
      { at: 10, bytes: 50 },
    ],
    200,
    115,
  );
  expect(path).toBe("M0.0 15.0L200.0 65.0");
  expect(linePath([{ at: 0, bytes: 100 }], 200, 115)).toBe("");
});
