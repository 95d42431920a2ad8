// SPDX-License-Identifier: MIT
/** What is wished of the fleet, as /fleet/plan takes it, and how far a plan has been carried out. */
import type { components } from "@/api/schema";

export type Plan = components["schemas"]["PlanShown"];
export type NewDecky = components["schemas"]["DeckyAsked"];
export type Change = components["schemas"]["NamedChange"];
export type Wish = { document: string } | { add: NewDecky[] } | { change: Change[] };

export interface FormProps {
  busy: boolean;
  onPlan: (wish: Wish) => void;
}

interface Actual {
  name: string;
  version: number;
  wanted: boolean;
  actual: { phase: string; version: number; error: string | null } | null;
}

export type Reached = "done" | "failed" | "waiting";

/** Whether a decky is as the step wants it; one that is to be removed is done when it is gone. */
export function reached(step: { kind: string }, found: Actual | undefined): Reached {
  if (!found) return step.kind === "remove" ? "done" : "waiting";
  if (step.kind === "remove") return found.actual?.phase === "absent" ? "done" : "waiting";
  if (found.actual?.phase === "failed") return "failed";
  return found.actual?.phase === "running" && found.actual.version === found.version ? "done" : "waiting";
}
