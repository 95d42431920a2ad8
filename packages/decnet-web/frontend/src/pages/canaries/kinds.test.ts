// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { groupOf, inGroups } from "./kinds";

const kind = (name: string, trips = "", reveals = "") => ({ kind: name, trips, reveals });

test("kinds are grouped, and empty groups are left out", () => {
  const found = inGroups([kind("aws"), kind("url"), kind("docx"), kind("dns")], "");
  expect(found.map(([name, members]) => [name, members.map((one) => one.kind)])).toEqual([
    ["links", ["url", "dns"]],
    ["documents", ["docx"]],
    ["credentials", ["aws"]],
  ]);
});

test("a search needs all words, anywhere in the description", () => {
  const kinds = [kind("url", "Whoever opens the link", "Address"), kind("docx", "Whoever opens it in Word", "Address")];
  expect(inGroups(kinds, "WORD opens").flatMap(([, members]) => members.map((one) => one.kind))).toEqual(["docx"]);
  expect(inGroups(kinds, "nothing")).toEqual([]);
});

test("a kind that this page does not know is a credential", () => {
  expect(groupOf("something-new")).toBe("credentials");
});
