// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { reached } from "./wish";

const decky = (phase: string, version: number, wanted = true) => ({
  name: "web",
  version: 2,
  wanted,
  actual: { phase, version, error: null },
});

test.each([
  ["add", decky("running", 2), "done"],
  ["change", decky("running", 1), "waiting"],
  ["change", decky("failed", 1), "failed"],
  ["add", decky("starting", 0), "waiting"],
  ["add", undefined, "waiting"],
  ["remove", undefined, "done"],
  ["remove", decky("stopping", 2, false), "waiting"],
  ["remove", decky("absent", 2, false), "done"],
] as const)("%s of %o is %s", (kind, found, state) => {
  expect(reached({ kind }, found)).toBe(state);
});
