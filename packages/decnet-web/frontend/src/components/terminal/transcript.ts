// SPDX-License-Identifier: MIT
/** All that a session showed as plain text: to read, search and copy. */

import type { Recording } from "./asciicast";
import { Screen } from "./screen";

export const MOST_LINES = 20_000;

export interface Transcript {
  lines: string[];
  cut: boolean;
}

export function transcriptOf(recording: Recording): Transcript {
  const lines: string[] = [];
  let cut = recording.cut;
  const screen = new Screen(recording.size, (line) => {
    if (lines.length < MOST_LINES) lines.push(line);
    else cut = true;
  });
  for (const frame of recording.frames) {
    if (frame.size) screen.resize(frame.size);
    screen.write(frame.text);
  }
  const last = screen.text();
  while (last.length && !last.at(-1)) last.pop();
  return { lines: [...lines, ...last].slice(0, MOST_LINES), cut };
}
