// SPDX-License-Identifier: MIT
/** Times as text: RFC 3339 strings with up to nine digits come in, words in the chosen zone come out. */
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });
const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone's name: "local" is that of the browser. */
export function zoneName(zone: string): string {
  return zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}

function format(zone: string): Intl.DateTimeFormat {
  const name = zoneName(zone);
  let made = formats.get(name);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("sv-SE", { timeZone: name, dateStyle: "short", timeStyle: "medium" });
    formats.set(name, made);
  }
  return made;
}

/** Milliseconds since the epoch, or null for what is no time. */
export function millis(moment: string): number | null {
  // Date.parse takes three digits of a second everywhere, more not.
  const value = Date.parse(moment.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(value) ? null : value;
}

/** `2026-11-30 07:15:02` in the zone; with `fraction` the milliseconds too. */
export function absolute(moment: string, zone: string, fraction = false): string {
  const at = millis(moment);
  if (at === null) return moment;
  const text = format(zone).format(at);
  return fraction ? `${text}.${String(at % 1000).padStart(3, "0")}` : text;
}

/** `5m ago`, `in 2h`. */
export function ago(moment: string, now: number): string {
  const at = millis(moment);
  if (at === null) return moment;
  const seconds = Math.round((at - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return "now";
  if (size < MINUTE) return relative.format(seconds, "second");
  if (size < HOUR) return relative.format(Math.trunc(seconds / MINUTE), "minute");
  if (size < 2 * DAY) return relative.format(Math.trunc(seconds / HOUR), "hour");
  return relative.format(Math.trunc(seconds / DAY), "day");
}

/** `2 h 5 min`, `43 s`, `0.4 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h ${Math.round((seconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(seconds / DAY)} d ${Math.round((seconds % DAY) / HOUR)} h`;
}
