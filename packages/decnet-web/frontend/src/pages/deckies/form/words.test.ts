// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { pairs, table, words } from "./words";

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

test("a table quotes whatever was typed", () => {
  const wished = {
    ...{ name: 'we"b', addresses: "10.0.0.5/24, fd00::5", runtime: "netns", persona: "debian-web", image: "" },
    ...{ interface: "eth0", gateway: "10.0.0.1", services: "ssh=22", host_name: "a\nb" },
  };
  expect(table(wished)).toBe(
    [
      "[[decky]]",
      'name = "we\\"b"',
      'host_name = "a\\nb"',
      'persona = "debian-web"',
      'runtime = "netns"',
      'interface = "eth0"',
      'addresses = ["10.0.0.5/24", "fd00::5"]',
      'gateways = ["10.0.0.1"]',
      'services = { "ssh" = 22 }',
      "",
    ].join("\n"),
  );
});
