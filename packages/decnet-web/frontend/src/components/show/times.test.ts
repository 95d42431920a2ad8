// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { absolute, ago, duration, millis } from "./times";

const moment = "2026-11-30T07:15:02.123456789Z";

test("times of nanoseconds are shown in the chosen zone", () => {
  expect(absolute(moment, "UTC", true)).toBe("2026-11-30 07:15:02.123");
  expect(absolute(moment, "Asia/Kathmandu")).toBe("2026-11-30 13:00:02");
  expect(absolute("soon", "UTC")).toBe("soon");
  expect(millis("x")).toBeNull();
});

test("ages are short and know the future", () => {
  const now = Date.parse("2026-11-30T07:15:02Z");
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  expect([0, -5, -300, -7200, -86_400 * 3, 7200].map((one) => ago(at(one), now))).toEqual([
    "now",
    "5s ago",
    "5m ago",
    "2h ago",
    "3d ago",
    "in 2h",
  ]);
});

test("durations have the unit that fits", () => {
  expect([0.42, 43, 600, 7500, 200_000].map(duration)).toEqual(["0.4 s", "43 s", "10 min", "2 h 5 min", "2 d 8 h"]);
});
