// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { navigation } from "@/app/navigation";
import { score, targetOf } from "./palette-search";
import { actionOf } from "./shortcuts";

const press = { control: false, typing: false, prefixed: false };

test("keys do what the help says, and nothing while somebody types", () => {
  expect(actionOf({ ...press, key: "?" })).toBe("keys");
  expect(actionOf({ ...press, key: "/" })).toBe("search");
  expect(actionOf({ ...press, key: "k", control: true, typing: true })).toBe("palette");
  expect(actionOf({ ...press, key: "g" })).toBe("prefix");
  expect(actionOf({ ...press, key: "e", prefixed: true })).toEqual({ go: "/events" });
  expect(actionOf({ ...press, key: "?", typing: true })).toBeNull();
  expect(actionOf({ ...press, key: "e" })).toBeNull();
});

test("each page has a letter of its own", () => {
  const keys = navigation.map((entry) => entry.key);
  expect(keys).toEqual([...new Set(keys)]);
});

test.each([
  ["203.0.113.9", "address"],
  ["2001:db8::1", "address"],
  ["999.1.1.1", "text"],
  ["a".repeat(64), "hash"],
  ["wget http://x", "text"],
  ["  ", "none"],
])("%j is taken as %s", (text, kind) => {
  expect(targetOf(text).kind).toBe(kind);
});

test("a text with a colon or a blank is quoted in the query", () => {
  expect(targetOf('a "b"').query).toBe('"a \\"b\\""');
  expect(targetOf("root").query).toBe("root");
});

test("the better a command fits, the higher it stands", () => {
  expect(score("inc", "Incidents")).toBeGreaterThan(score("dark", "Theme: Dark"));
  expect(score("ident", "Incidents")).toBeGreaterThan(0);
  expect(score("xyz", "Incidents")).toBe(0);
});
