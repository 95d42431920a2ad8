// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { eventsByDecky } from "./traffic";

const TRAFFIC = [
  { attacker: "192.0.2.1", decky: "web", events: 3, last_seen: "2026-11-30T01:00:00Z" },
  { attacker: "192.0.2.2", decky: "web", events: 9, last_seen: "2026-11-30T02:00:00Z" },
  { attacker: "192.0.2.1", decky: "web", events: 4, last_seen: "2026-11-30T03:00:00Z" },
  { attacker: "192.0.2.1", decky: "db", events: 1, last_seen: "2026-11-30T04:00:00Z" },
];

test("events are summed by decky", () => {
  expect([...eventsByDecky(TRAFFIC)]).toEqual([
    ["web", 16],
    ["db", 1],
  ]);
});
