// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";

interface Decision {
  kind: "together" | "apart" | "pinned" | "undone";
  subject: string | null;
  other: string | null;
  change: number | null;
}

/** A decision as a sentence. */
export function decisionWords({ kind, subject, other, change }: Decision): string {
  if (kind === "undone") return t("group.decided.undone", { change: String(change ?? "") });
  if (kind === "pinned") return t("group.decided.pinned", { subject: subject ?? "" });
  return t(`group.decided.${kind}`, { subject: subject ?? "", other: other ?? "" });
}

type Because = readonly { kind: string; value: string; bits: number }[];

/** Reasons with their bits, the heaviest first. */
export function heaviest(because: Because, most: number): Because {
  return [...because].sort((one, other) => Math.abs(other.bits) - Math.abs(one.bits)).slice(0, most);
}

export function bitsText(bits: number): string {
  return `${bits < 0 ? "−" : "+"}${Math.abs(bits).toFixed(1)}`;
}
