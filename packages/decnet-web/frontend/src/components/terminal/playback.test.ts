// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseRecording } from "./asciicast";
import { Playback, clockText, stepAtTime } from "./playback";
import type { Screen } from "./screen";

const recording = (...events: unknown[]): ReturnType<typeof parseRecording> =>
  parseRecording(['{"version": 2, "width": 40, "height": 5}', ...events.map((one) => JSON.stringify(one))].join("\n"));
const first = (screen: Screen): string =>
  screen
    .show()
    .rows[0]!.map((run) => run.text)
    .join("");

describe("Playback", () => {
  const whole = recording([1, "o", "a"], [100, "m", "id"], [100, "o", "b"], [101, "o", "c"]);

  it("shortens pauses, for frames and commands alike", () => {
    const playback = new Playback(whole, 2);
    expect(playback.length).toBe(4);
    expect(playback.steps).toEqual([{ at: 3, label: "id" }]);
    expect(new Playback(whole, Infinity).length).toBe(101);
  });

  it("shows the same screen forwards and backwards", () => {
    const playback = new Playback(whole, 2);
    expect(first(playback.seek(0.5))).toBe("");
    expect(first(playback.seek(4))).toBe("abc");
    expect(first(playback.seek(3))).toBe("ab");
    expect(first(playback.seek(0))).toBe("");
    expect(playback.nextAfter(0)).toBe(1);
    expect(playback.nextAfter(4)).toBeNull();
  });

  it("goes back from kept screens as from the start", () => {
    const long = recording(...Array.from({ length: 300 }, (_, n) => [n, "o", `${"x".repeat(4000)}\r\n\x1b[H${n} `]));
    const playback = new Playback(long, 10);
    const fresh = new Playback(long, 10);
    playback.seek(299);
    for (const time of [250, 128.5, 131, 3]) {
      expect(playback.seek(time).show()).toEqual(new Playback(long, 10).seek(time).show());
    }
    expect(fresh.seek(3).show()).toEqual(playback.seek(3).show());
  });
});

it("finds the step at a time", () => {
  const steps = [
    { at: 1, label: "a" },
    { at: 3, label: "b" },
  ];
  expect([0, 1, 2.9, 3, 9].map((time) => stepAtTime(steps, time))).toEqual([-1, 0, 0, 1, 1]);
});

it("writes times as clocks do", () => {
  expect([0, 61.9, 3661].map(clockText)).toEqual(["0:00", "1:01", "1:01:01"]);
});
