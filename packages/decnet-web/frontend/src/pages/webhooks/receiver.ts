// SPDX-License-Identifier: MIT
/** A receiver's state in words, and a form's fields as the API takes them. */
import { t, tn } from "@/app/i18n";
import type { Tone } from "@/components/show/badge";

interface Standing {
  state: "good" | "failing" | "gone";
  failures: number;
}

export function toneOf({ state }: Standing): Tone {
  return state === "good" ? "good" : state === "failing" ? "warn" : "bad";
}

export function stateWords({ state, failures }: Standing): string {
  return state === "failing" ? tn("webhooks.state.failing", failures) : t(`webhooks.state.${state}`);
}

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;

/** The fields of a form that say something: an empty one stays as it is, or is the default. */
export function said(form: FormData) {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const list = (name: string) =>
    text(name)
      .split(/\s*[,\n]\s*/)
      .filter(Boolean);
  const options = [...form.keys()]
    .filter((name) => name.startsWith("option.") && text(name) !== "")
    .map((name) => [name.slice("option.".length), text(name)] as const);
  return {
    ...(text("format") ? { format: text("format") } : {}),
    ...(text("token") ? { token: text("token") } : {}),
    ...(options.length > 0 ? { options: Object.fromEntries(options) } : {}),
    ...(text("sends") ? { sends: text("sends") as "incidents" | "notices" } : {}),
    ...(text("severity") ? { severity: text("severity") as (typeof SEVERITIES)[number] } : {}),
    kinds: list("kinds"),
    deckies: list("deckies"),
    quiet: list("quiet"),
    allow_private: form.get("private") === "on",
  };
}
