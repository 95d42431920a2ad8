// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { ordered } from "./agenda";

test("what comes next stands first, what is over follows, newest first", () => {
  const actions = [
    { due_at: "2026-11-30T09:00:00Z", state: "done" },
    { due_at: "2026-11-30T12:00:00Z", state: "planned" },
    { due_at: "2026-11-30T10:00:00Z", state: "failed" },
    { due_at: "2026-11-30T11:00:00Z", state: "running" },
  ];
  expect(ordered(actions).map((one) => one.state)).toEqual(["running", "planned", "failed", "done"]);
  expect(ordered([])).toEqual([]);
});
