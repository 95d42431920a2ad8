// SPDX-License-Identifier: MIT
/** How a sensor is. */
import type { Tone } from "@/components/show/badge";

interface Standing {
  state: "enrolled" | "expired" | "revoked" | "waiting";
  silent_seconds: number | null;
}

/** A sensor that is well sends what its workers report at least once a day. */
export const SILENT_SECONDS = 86_400;

export function isSilent({ state, silent_seconds }: Standing): boolean {
  return state === "enrolled" && silent_seconds !== null && silent_seconds > SILENT_SECONDS;
}

export function toneOf({ state }: Standing): Tone {
  return state === "enrolled" ? "good" : state === "waiting" ? "accent" : state === "expired" ? "bad" : "neutral";
}

export type Arrival = "waiting" | "enrolled" | "come";

/** How far a host is that was to be enrolled at `asked` (milliseconds): a certificate, then events. */
export function arrivalOf(
  one: { state: string; enrolled_at: string | null; last_events_at: string | null } | undefined,
  asked: number,
): Arrival {
  const after = (moment: string | null) => moment !== null && Date.parse(moment) >= asked - 1000;
  if (one?.state !== "enrolled" || !after(one.enrolled_at)) return "waiting";
  return after(one.last_events_at) ? "come" : "enrolled";
}
