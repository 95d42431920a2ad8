// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { shownLines } from "./loglines";

const line = (level: string, message: string) => ({ level, message, logger: "decnet.ttp" });
const LINES = [
  line("info", "ready"),
  line("error", "cannot read rule X"),
  line("", "  Traceback of X"),
  line("info", "x"),
];

test("all words must be there, in any case", () => {
  expect(shownLines(LINES, "RULE cannot", "")).toEqual([LINES[1]]);
  expect(shownLines(LINES, "", "")).toHaveLength(4);
});

test("a line without a level belongs to the one before", () => {
  expect(shownLines(LINES, "", "warning")).toEqual([LINES[1], LINES[2]]);
});
