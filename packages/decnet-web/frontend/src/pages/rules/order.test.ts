// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { inOrder } from "./order";

const RULES = [
  { title: "Tool fetched", hits: 2, last_seen: "2026-03-01T00:00:00Z" },
  { title: "Account deleted", hits: 0, last_seen: null },
  { title: "Log-in accepted", hits: 2, last_seen: "2026-03-02T00:00:00Z" },
];
const titles = (sort: string | undefined, direction: "asc" | "desc") =>
  inOrder(RULES, sort, direction).map((one) => one.title);

test("rules are ordered by title, hits or last hit, and those with as many hits by title", () => {
  expect(titles(undefined, "asc")).toEqual(["Account deleted", "Log-in accepted", "Tool fetched"]);
  expect(titles(undefined, "desc")).toEqual(["Tool fetched", "Log-in accepted", "Account deleted"]);
  expect(titles("hits", "desc")).toEqual(["Log-in accepted", "Tool fetched", "Account deleted"]);
  expect(titles("hits", "asc")).toEqual(["Account deleted", "Log-in accepted", "Tool fetched"]);
  expect(titles("last", "desc")).toEqual(["Log-in accepted", "Tool fetched", "Account deleted"]);
});
