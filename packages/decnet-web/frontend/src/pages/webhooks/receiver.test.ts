// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { said, stateWords, toneOf } from "./receiver";

function form(fields: Record<string, string>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
}

test("an empty field says nothing, lists are separated by commas or lines", () => {
  expect(said(form({ format: "", token: " ", kinds: "canary.*, worker.down\n", private: "on" }))).toEqual({
    kinds: ["canary.*", "worker.down"],
    deckies: [],
    quiet: [],
    allow_private: true,
  });
});

test("options of a format are collected", () => {
  const found = said(form({ "option.channel": "#alerts", "option.empty": "", format: "slack" }));
  expect(found.options).toEqual({ channel: "#alerts" });
  expect(found.format).toBe("slack");
});

test("a failing receiver says how often", () => {
  expect(stateWords({ state: "failing", failures: 3 })).toBe("Failing, 3 times");
  expect(toneOf({ state: "gone", failures: 0 })).toBe("bad");
});
