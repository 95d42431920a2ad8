// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { parseRecording } from "./asciicast";
import { MOST_LINES, transcriptOf } from "./transcript";

const recording = (...texts: string[]): ReturnType<typeof parseRecording> =>
  parseRecording(
    ['{"version": 2, "width": 20, "height": 3}', ...texts.map((text, n) => JSON.stringify([n, "o", text]))].join("\n"),
  );

it("has what scrolled away, and what is left", () => {
  const text = Array.from({ length: 6 }, (_, n) => `line ${n}\r\n`);
  expect(transcriptOf(recording(...text)).lines).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"]);
});

it("has no screens of editors, and no escape sequences", () => {
  const { lines } = transcriptOf(
    recording("$ vi\r\n", "\x1b[?1049h\x1b[31mfull\n\n\n\n\n", "\x1b[?1049l", "$ \x1b[1mid"),
  );
  expect(lines).toEqual(["$ vi", "$ id"]);
});

it("is bounded", () => {
  const found = transcriptOf(recording("x\r\n".repeat(MOST_LINES + 50)));
  expect(found.lines).toHaveLength(MOST_LINES);
  expect(found.cut).toBe(true);
});
