// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { Screen } from "./screen";

const shown = (output: string, size = { columns: 20, rows: 4 }): string[] => {
  const screen = new Screen(size);
  screen.write(output);
  return textOf(screen);
};
const textOf = (screen: Screen): string[] =>
  screen.show().rows.map((runs) =>
    runs
      .map((run) => run.text)
      .join("")
      .trimEnd(),
  );

describe("Screen", () => {
  it.each([
    ["lines", "one\r\ntwo", ["one", "two", "", ""]],
    ["backspace and overwriting", "abc\b\bX", ["aXc", "", "", ""]],
    ["tabs", "a\tb", ["a       b", "", "", ""]],
    ["wrapping", "x".repeat(21), ["x".repeat(20), "x", "", ""]],
    ["scrolling", "1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]],
    ["cursor positions", "\x1b[2;3Hx\x1b[Ay", ["   y", "  x", "", ""]],
    ["erasing the line's rest", "abcdef\x1b[3D\x1b[K", ["abc", "", "", ""]],
    ["erasing the screen", "abc\x1b[2J\x1b[Hd", ["d", "", "", ""]],
    ["inserting characters", "abc\x1b[3D\x1b[2@xy", ["xyabc", "", "", ""]],
    ["deleting characters", "abcdef\x1b[6D\x1b[2P", ["cdef", "", "", ""]],
    ["deleting lines", "1\r\n2\r\n3\x1b[H\x1b[M", ["2", "3", "", ""]],
    ["a scrolling region", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n", ["1", "3", "", "4"]],
    ["the other screen and back", "main\x1b[?1049hother\x1b[?1049l!", ["main!", "", "", ""]],
    ["line drawing", "\x1b(0lqk\x1b(Bx", ["┌─┐x", "", "", ""]],
    ["wide characters", "漢字x", ["漢字x", "", "", ""]],
    ["combining characters", "e\u0301x", ["e\u0301x", "", "", ""]],
    ["titles are left out", "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", ["ab", "", "", ""]],
    ["an unfinished title ends at the next sequence", "\x1b]0;title\x1b[2;1Hx", ["", "x", "", ""]],
    ["markup is text", "<img src=x>", ["<img src=x>", "", "", ""]],
  ])("shows %s", (_, output, wanted) => {
    expect(shown(output)).toEqual(wanted);
  });

  it("reads sequences that come in pieces", () => {
    const screen = new Screen({ columns: 10, rows: 1 });
    for (const piece of ["a\x1b", "[3", "1", "mb"]) screen.write(piece);
    expect(screen.show().rows[0]!.map((run) => [run.text, run.style.foreground])).toEqual([
      ["a", undefined],
      ["b", 1],
      ["", undefined],
    ]);
  });

  it("reads 256 and RGB colours", () => {
    const screen = new Screen({ columns: 3, rows: 1 });
    screen.write("\x1b[38;5;196ma\x1b[48;2;1;2;300mb\x1b[0;1mc");
    const [a, b, c] = screen.show().rows[0]!.map((run) => run.style);
    expect(a).toEqual({ foreground: "#ff0000" });
    expect(b).toEqual({ foreground: "#ff0000", background: "#0102ff" });
    expect(c).toEqual({ bold: true });
  });

  it("stays within its size whatever it is sent", () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const parts = [
      "\x1b[",
      "\x1b",
      "?",
      "1049",
      "h",
      "l",
      ";",
      "9999",
      "H",
      "L",
      "M",
      "P",
      "@",
      "S",
      "T",
      "b",
      "r",
      "X",
      "7",
      "8",
      "漢",
      "a\u0301",
      "\n",
      "\r",
      "\t",
      "x",
      "c",
      "]",
      "\x07",
      "J",
      "K",
    ];
    const screen = new Screen({ columns: 7, rows: 5 });
    for (let step = 0; step < 20_000; step++) {
      screen.write(parts[random(parts.length)]!);
      if (step % 500 === 0) screen.resize({ columns: 1 + random(12), rows: 1 + random(8) });
    }
    screen.resize({ columns: 7, rows: 5 });
    const { rows, cursor } = screen.show();
    expect(rows).toHaveLength(5);
    for (const runs of rows)
      expect(runs.reduce((sum, run) => sum + [...run.text].length, 0)).toBeLessThanOrEqual(7 * 12);
    if (cursor) {
      expect(cursor.row).toBeLessThan(5);
      expect(cursor.column).toBeLessThan(7);
    }
  });

  it("gives a row that has not changed as the same object", () => {
    const screen = new Screen({ columns: 5, rows: 2 });
    screen.write("a");
    const before = screen.show().rows;
    screen.write("\r\nb");
    const after = screen.show().rows;
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });
});
