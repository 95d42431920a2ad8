// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { MOST_BYTES, MOST_COLUMNS, MOST_EVENTS, RecordingError, parseRecording } from "./asciicast";

const HEADER = '{"version": 2, "width": 80, "height": 24, "timestamp": 1780000000}';
const lines = (...events: unknown[]): string => [HEADER, ...events.map((one) => JSON.stringify(one))].join("\n") + "\n";

describe("parseRecording", () => {
  it("reads output, marks and changes of size", () => {
    const found = parseRecording(lines([0.5, "o", "$ "], [1, "m", "id"], [1.2, "i", "x"], [2, "r", "100x30"]));
    expect(found.frames).toEqual([
      { at: 0.5, text: "$ " },
      { at: 2, text: "", size: { columns: 100, rows: 30 } },
    ]);
    expect(found.marks).toEqual([{ at: 1, label: "id" }]);
    expect(found).toMatchObject({ began: 1780000000, length: 2, damaged: 0, cut: false });
  });

  it.each(["", "{}", '{"version": 3}', "null", "[]", "<script>"])("refuses the header %j", (header) => {
    expect(() => parseRecording(header)).toThrow(RecordingError);
  });

  it("counts damaged lines, and not a last line that was cut off", () => {
    const found = parseRecording(`${lines([1, "o", "a"])}nonsense\n[1, "o"]\n[null, "o", "x"]\n[2, "o", "b`);
    expect(found.frames).toHaveLength(1);
    expect(found.damaged).toBe(3);
  });

  it("never lets time go back, nor grow beyond a month", () => {
    const found = parseRecording(lines([5, "o", "a"], [-1, "o", "b"], [1e300, "o", "c"]));
    expect(found.frames.map((one) => one.at)).toEqual([5, 5, 2_592_000]);
  });

  it("bounds the size of the terminal", () => {
    const huge = parseRecording('{"version": 2, "width": 1e9, "height": -4}');
    expect(huge.size).toEqual({ columns: MOST_COLUMNS, rows: 24 });
    expect(parseRecording(lines([1, "r", "99999999999x1"])).damaged).toBe(1);
  });

  it("stops at the limits, and says so", () => {
    const many = parseRecording(HEADER + '\n[1,"o","x"]'.repeat(MOST_EVENTS + 5));
    expect(many.frames).toHaveLength(MOST_EVENTS);
    expect(many.cut).toBe(true);
    const long = parseRecording(`${HEADER}\n[1,"o","x"]\n[2,"o","${"y".repeat(MOST_BYTES)}"]`);
    expect(long).toMatchObject({ cut: true, length: 1 });
  });
});
