// SPDX-License-Identifier: MIT
import { t, type Key } from "@/app/i18n";
import { Badge, type Tone } from "@/components/show/badge";

const TONES: Readonly<Record<string, Tone>> = { new: "bad", acknowledged: "accent", closed: "neutral" };

export function IncidentState({ state }: { state: "new" | "acknowledged" | "closed" }) {
  return <Badge tone={TONES[state] ?? "neutral"}>{t(`incidents.state.${state}` as Key)}</Badge>;
}

export type State = "new" | "acknowledged" | "closed";

/** The states that the filter of the inbox stands for. */
export function statesOf(shown: string | undefined): State[] | undefined {
  if (shown === "all") return undefined;
  if (shown === "new" || shown === "acknowledged" || shown === "closed") return [shown];
  return ["new", "acknowledged"];
}

export type Severity = "low" | "medium" | "high" | "critical";

export function severityOf(text: string | undefined): Severity | undefined {
  return text === "medium" || text === "high" || text === "critical" ? text : undefined;
}
