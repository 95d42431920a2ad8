// SPDX-License-Identifier: MIT
/** How a worker is, in a tone and in words. */
import type { Item } from "@/api/queries";
import { formatBytes, t, tn, tv } from "@/app/i18n";
import type { Tone } from "@/components/show/badge";

export type Worker = Item<"/api/v1/workers">;

const TONES: Readonly<Record<string, Tone>> = {
  running: "good",
  parked: "accent",
  starting: "warn",
  stopping: "warn",
  restarting: "warn",
  paused: "warn",
  "cannot start": "bad",
  "crash loop": "bad",
  "no answer": "bad",
  stopped: "bad",
};

export function toneOf(state: string): Tone {
  return TONES[state] ?? "neutral";
}

/** Whether it does not do what it should, and nobody ordered that. */
export function isSilent(one: Pick<Worker, "state">): boolean {
  return toneOf(one.state) === "bad";
}

/** How far it is behind, e.g. `3 events`; null: it follows nothing. */
export function lagWords({ lag, lag_unit }: Pick<Worker, "lag" | "lag_unit">): string | null {
  if (lag === null || lag_unit === null) return null;
  if (lag_unit === "bytes") return formatBytes(lag);
  return lag_unit === "events" ? tn("workers.lag.events", lag) : tn("workers.lag.notices", lag);
}

/** What woke a worker last, in words; the subject of a message is shown as it is. */
export function wakerWords(by: string): string {
  return by.startsWith("with ") ? t("workers.waker.with", { name: by.slice(5) }) : tv("workers.waker", by);
}

export type Order = "name" | "memory";

/** Return the workers that need a look first, then by name, or those that take most memory first. */
export function inOrder(workers: readonly Worker[], order: Order, bytes: (one: Worker) => number): Worker[] {
  const bySilence = (a: Worker, b: Worker) => Number(isSilent(b)) - Number(isSilent(a));
  const byMemory = (a: Worker, b: Worker) => (order === "memory" ? bytes(b) - bytes(a) : 0);
  return [...workers].sort((a, b) => bySilence(a, b) || byMemory(a, b) || a.name.localeCompare(b.name));
}
