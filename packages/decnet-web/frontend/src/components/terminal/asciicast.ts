// SPDX-License-Identifier: MIT
/** Reads asciicast v2 recordings. Their content is the attacker's: every size is bounded, damaged lines are counted. */

export const MOST_BYTES = 16 * 1024 * 1024;
export const MOST_EVENTS = 200_000;
export const MOST_COLUMNS = 400;
export const MOST_ROWS = 150;
const MOST_MARK = 512;
const MOST_SECONDS = 30 * 24 * 3600;

export interface Size {
  columns: number;
  rows: number;
}

/** What was shown, or a change of the terminal's size, `at` seconds after the recording began. */
export interface Frame {
  at: number;
  text: string;
  size?: Size;
}

export interface Mark {
  at: number;
  label: string;
}

export interface Recording {
  size: Size;
  /** Seconds since the Unix epoch, when the header has it. */
  began: number | null;
  frames: Frame[];
  marks: Mark[];
  /** Seconds until the last event. */
  length: number;
  damaged: number;
  /** Whether the recording went on after the limits of this player. */
  cut: boolean;
}

export class RecordingError extends Error {}

export function parseRecording(text: string): Recording {
  const cut = text.length > MOST_BYTES;
  const lines = (cut ? text.slice(0, MOST_BYTES) : text).split("\n");
  const recording = withHeader(lines[0] ?? "");
  recording.cut = cut;
  for (let index = 1; index < lines.length; index++) {
    if (recording.frames.length + recording.marks.length >= MOST_EVENTS) {
      recording.cut = true;
      break;
    }
    const line = lines[index];
    if (line && !take(recording, line) && index < lines.length - 1) recording.damaged++;
  }
  return recording;
}

function withHeader(line: string): Recording {
  const header = parsed(line);
  if (!isRecord(header) || header["version"] !== 2) {
    throw new RecordingError("the file is not an asciicast v2 recording");
  }
  const began = header["timestamp"];
  return {
    size: boundedSize(header["width"], header["height"]),
    began: typeof began === "number" && Number.isFinite(began) ? began : null,
    frames: [],
    marks: [],
    length: 0,
    damaged: 0,
    cut: false,
  };
}

/** Add an event; false for a damaged line. Times never go back. */
function take(recording: Recording, line: string): boolean {
  const event = parsed(line);
  if (!Array.isArray(event) || event.length < 3) return false;
  const [moment, code, data] = event as unknown[];
  if (typeof moment !== "number" || !Number.isFinite(moment) || typeof data !== "string") return false;
  const at = Math.min(Math.max(recording.length, moment), MOST_SECONDS);
  if (code === "o") recording.frames.push({ at, text: data });
  else if (code === "m") recording.marks.push({ at, label: data.slice(0, MOST_MARK) });
  else if (code === "r") {
    const size = /^(\d{1,4})x(\d{1,4})$/.exec(data);
    if (!size) return false;
    recording.frames.push({ at, text: "", size: boundedSize(Number(size[1]), Number(size[2])) });
  } else if (code !== "i") return false;
  recording.length = at;
  return true;
}

function boundedSize(columns: unknown, rows: unknown): Size {
  return { columns: within(columns, MOST_COLUMNS, 80), rows: within(rows, MOST_ROWS, 24) };
}

function within(value: unknown, most: number, otherwise: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 1) return otherwise;
  return Math.min(most, Math.floor(value));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
