// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { pairs, services, words } from "./words";

test("words are separated by blanks, commas and lines", () => {
  expect(words(" a, b;c\n d ,")).toEqual(["a", "b", "c", "d"]);
  expect(words("")).toEqual([]);
});

test("services may have a port", () => {
  expect(pairs("ssh = 22, http")).toEqual({ ssh: 22, http: null });
});

test.each(["ssh=0", "ssh=65536", "ssh=abc", "ssh=1e3", "ssh="])("%s is no port", (text) => {
  expect(() => pairs(text)).toThrow(RangeError);
});

test("either all services have a port or none has", () => {
  expect(services("ssh=22, http=80")).toEqual({ ssh: 22, http: 80 });
  expect(services("ssh, http")).toEqual(["ssh", "http"]);
  expect(services(" ")).toBeUndefined();
  expect(() => services("ssh=22, http")).toThrow("http");
});
