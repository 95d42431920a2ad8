// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { linkSecret, placeAfter } from "./outcome";

test.each([
  "https://evil.example/",
  "//evil.example",
  "/\\evil.example",
  "javascript:alert(1)",
  "/login?next=/",
  "",
  undefined,
])("%j is no page of this site to go to", (next) => expect(placeAfter(next)).toBe("/"));

test("a page of this site is", () => {
  expect(placeAfter("/events?q=a")).toBe("/events?q=a");
});

test("the secret of a link is in the fragment", () => {
  expect(linkSecret("#link=abc_-1")).toBe("abc_-1");
  expect(linkSecret("#other=1")).toBeNull();
});
