// SPDX-License-Identifier: MIT
/**
 * All words of the dashboard: `t("incidents.close")`, with values `t("list.of", { n: 3 })`, and by number
 * `tn("events.count", 3)`, which takes `events.count.one` or `events.count.other`.
 */
import { english, type Key } from "./en";

export type { Key } from "./en";
type Values = Readonly<Record<string, string | number>>;
/** Keys that have a form for each plural category. */
export type PluralKey = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

const LOCALE = "en";
const plural = new Intl.PluralRules(LOCALE);
const numbers = new Intl.NumberFormat(LOCALE);
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });

function fill(words: string, values: Values | undefined): string {
  if (values === undefined) return words;
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? numbers.format(value) : value;
  });
}

export function t(key: Key, values?: Values): string {
  return fill(english[key], values);
}

export function tn(stem: PluralKey, n: number, values?: Values): string {
  const one = `${stem}.${plural.select(n)}`;
  const key = (one in english ? one : `${stem}.other`) as Key;
  return fill(english[key], { n, ...values });
}

/** Words for a value that the server sends: those of `PREFIX.VALUE`, or the value itself. */
export function tv(prefix: string, value: string): string {
  return (english as Readonly<Record<string, string>>)[`${prefix}.${value}`] ?? value;
}

export const formatNumber = (n: number): string => numbers.format(n);
export const formatCompact = (n: number): string => (Math.abs(n) < 10_000 ? numbers.format(n) : compact.format(n));

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
