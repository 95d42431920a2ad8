// SPDX-License-Identifier: MIT
import type { components } from "@/api/schema";

export type From = components["schemas"]["ReplayPlanAsked"];

/** Workers that follow the event log. */
export const FOLLOWERS = ["profiler", "ttp", "clusterer", "history"] as const;

/** What is asked for: from an event's number, or from a local time on; the number wins, without either from the first. */
export function asked(worker: string, number: string, time: string): From {
  if (number.trim() === "" && time !== "") return { worker, since_time: new Date(time).toISOString() };
  return { worker, since: Number(number) || 1 };
}
