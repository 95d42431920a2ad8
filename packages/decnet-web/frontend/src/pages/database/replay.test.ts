// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { asked } from "./replay";

test("a replay begins with an event or with a time, never with both", () => {
  expect(asked("ttp", "17", "2026-11-30T08:00")).toEqual({ worker: "ttp", since: 17 });
  expect(asked("ttp", "", "2026-11-30T08:00")).toEqual({
    worker: "ttp",
    since_time: new Date("2026-11-30T08:00").toISOString(),
  });
});

test("without either it begins with the first event", () => {
  expect(asked("history", "", "")).toEqual({ worker: "history", since: 1 });
});
