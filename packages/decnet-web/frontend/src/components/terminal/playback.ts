// SPDX-License-Identifier: MIT
/** Where a recording is: what its screen shows at a time, with long pauses shortened. Pure; the clock is the caller's. */

import type { Mark, Recording } from "./asciicast";
import { Screen } from "./screen";

/** Characters of output between two kept screens, so that going back need not begin at the start. */
const APART = 256 * 1024;
const MOST_KEPT = 64;

export interface Step {
  at: number;
  label: string;
}

/** Times below are seconds of playback: of the recording, with each pause at most `longestPause`. */
export class Playback {
  readonly length: number;
  readonly steps: readonly Step[];
  /** Of each frame, when it is played. */
  private readonly times: Float64Array;
  private readonly kept: { next: number; screen: Screen }[];
  private screen: Screen;
  private next = 0;
  private sinceKept = 0;

  constructor(
    private readonly recording: Recording,
    longestPause: number,
  ) {
    const clock = new Shortened(longestPause);
    const marks: Mark[] = recording.marks;
    this.times = new Float64Array(recording.frames.length);
    const steps: Step[] = [];
    let mark = 0;
    recording.frames.forEach((frame, index) => {
      while (mark < marks.length && marks[mark]!.at < frame.at) steps.push(stepAt(clock, marks[mark++]!));
      this.times[index] = clock.at(frame.at);
    });
    while (mark < marks.length) steps.push(stepAt(clock, marks[mark++]!));
    this.steps = steps;
    this.length = clock.at(recording.length);
    this.screen = new Screen(recording.size);
    this.kept = [{ next: 0, screen: this.screen.copy() }];
  }

  /** Show the screen as it is at `time`. */
  seek(time: number): Screen {
    const wanted = this.framesUntil(time);
    if (wanted < this.next) this.goBack(wanted);
    while (this.next < wanted) this.advance();
    return this.screen;
  }

  /** Return when the next frame after `time` is played; null at the end. */
  nextAfter(time: number): number | null {
    const index = this.framesUntil(time);
    return index < this.times.length ? this.times[index]! : null;
  }

  private advance(): void {
    const frame = this.recording.frames[this.next++]!;
    if (frame.size) this.screen.resize(frame.size);
    this.screen.write(frame.text);
    this.sinceKept += frame.text.length + 1;
    const last = this.kept.at(-1)!;
    if (this.sinceKept >= APART && this.next > last.next && this.kept.length < MOST_KEPT) {
      this.kept.push({ next: this.next, screen: this.screen.copy() });
      this.sinceKept = 0;
    }
  }

  private goBack(wanted: number): void {
    const from = this.kept.findLast((one) => one.next <= wanted) ?? this.kept[0]!;
    this.screen = from.screen.copy();
    this.next = from.next;
    this.sinceKept = 0;
  }

  /** Return how many frames have been played at `time`, by bisection. */
  private framesUntil(time: number): number {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The time of playback of growing times of the recording. */
class Shortened {
  private last = 0;
  private sum = 0;

  constructor(private readonly longest: number) {}

  at(moment: number): number {
    this.sum += Math.min(Math.max(0, moment - this.last), this.longest);
    this.last = Math.max(this.last, moment);
    return this.sum;
  }
}

function stepAt(clock: Shortened, mark: Mark): Step {
  return { at: clock.at(mark.at), label: mark.label };
}

/** Return the index of the last step at or before `time`, -1 before the first. */
export function stepAtTime(steps: readonly Step[], time: number): number {
  return steps.findLastIndex((step) => step.at <= time + 1e-6);
}

export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number): string => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
