// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { arrivalOf, isSilent, SILENT_SECONDS } from "./sensor";

const ASKED = Date.parse("2026-11-30T06:00:00Z");
const sensor = (enrolled_at: string | null, last_events_at: string | null, state = "enrolled") => ({
  ...{ state, enrolled_at, last_events_at },
});

test.each([
  [undefined, "waiting"],
  [sensor(null, null, "waiting"), "waiting"],
  [sensor("2026-11-29T06:00:00Z", "2026-11-30T06:01:00Z"), "waiting"],
  [sensor("2026-11-30T06:00:05Z", "2026-11-30T05:59:00Z"), "enrolled"],
  [sensor("2026-11-30T06:00:05Z", "2026-11-30T06:00:09Z"), "come"],
] as const)("%o is %s", (one, arrival) => {
  expect(arrivalOf(one, ASKED)).toBe(arrival);
});

test("only an enrolled sensor can be silent", () => {
  expect(isSilent({ state: "enrolled", silent_seconds: SILENT_SECONDS + 1 })).toBe(true);
  expect(isSilent({ state: "enrolled", silent_seconds: null })).toBe(false);
  expect(isSilent({ state: "revoked", silent_seconds: SILENT_SECONDS + 1 })).toBe(false);
});
