// SPDX-License-Identifier: MIT
/** The fleet's memory while the page is open: a bounded list of samples, kept as long as the tab lives. */

export interface Sample {
  at: number;
  bytes: number;
}

export const MOST_SAMPLES = 360;

/** Return `samples` with one more; a second of the same moment replaces the first. */
export function withSample(samples: readonly Sample[], one: Sample): Sample[] {
  const last = samples.at(-1);
  const kept = last && last.at >= one.at ? samples.slice(0, -1) : samples;
  return [...kept, one].slice(-MOST_SAMPLES);
}

/** Return an SVG path of the samples over a box, from zero, so that a small change looks small. */
export function linePath(samples: readonly Sample[], width: number, height: number): string {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 2) return "";
  const span = Math.max(1, last.at - first.at);
  const top = Math.max(1, ...samples.map((one) => one.bytes)) * 1.15;
  const x = (one: Sample) => (((one.at - first.at) / span) * width).toFixed(1);
  const y = (one: Sample) => (height - (one.bytes / top) * height).toFixed(1);
  return samples.map((one, index) => `${index === 0 ? "M" : "L"}${x(one)} ${y(one)}`).join("");
}
