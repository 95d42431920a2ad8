// SPDX-License-Identifier: MIT
/** What is planned next stands first, then what is over, newest first. */
export const TONES: Readonly<Record<string, "accent" | "good" | "bad" | "neutral">> = {
  planned: "neutral",
  running: "accent",
  done: "good",
  failed: "bad",
};

const OVER = new Set(["done", "failed"]);

export function ordered<One extends { due_at: string; state: string }>(actions: readonly One[]): One[] {
  const later = (a: One, b: One) => (a.due_at < b.due_at ? -1 : Number(a.due_at > b.due_at));
  const ahead = actions.filter((one) => !OVER.has(one.state)).sort(later);
  const over = actions.filter((one) => OVER.has(one.state)).sort((a, b) => later(b, a));
  return [...ahead, ...over];
}
