// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { matching, valueText } from "./values";

const SETTINGS = [
  { section: "web", name: "listen", value: "127.0.0.1:8080", origin: "decnet.toml:3", meaning: "Where it listens." },
  { section: "bus", name: "tcp", value: "", origin: "default", meaning: "Also by TCP." },
];

test("settings are found by section, value and meaning", () => {
  expect(matching(SETTINGS, "[web] LISTEN", false)).toEqual([SETTINGS[0]]);
  expect(matching(SETTINGS, "by tcp", false)).toEqual([SETTINGS[1]]);
});

test("only what is not the default", () => {
  expect(matching(SETTINGS, "", true)).toEqual([SETTINGS[0]]);
});

test("an empty text is shown as one", () => {
  expect(valueText("")).toBe('""');
  expect(valueText(["a"])).toBe('["a"]');
});
