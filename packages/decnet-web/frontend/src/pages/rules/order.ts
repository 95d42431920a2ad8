// SPDX-License-Identifier: MIT
/** The order of the rules: the API gives all of them at once, so the page sorts them. */
import type { Direction } from "@/app/search";

interface Ordered {
  title: string;
  hits: number;
  last_seen: string | null;
}

/** By title unless `sort` names "hits" or "last"; those that are equal by title. */
export function inOrder<Rule extends Ordered>(
  rules: readonly Rule[],
  sort: string | undefined,
  direction: Direction,
): Rule[] {
  const turned = direction === "asc" ? 1 : -1;
  const byTitle = (a: Rule, b: Rule) => a.title.localeCompare(b.title);
  const value: (a: Rule, b: Rule) => number =
    sort === "hits"
      ? (a, b) => a.hits - b.hits
      : sort === "last"
        ? (a, b) => (a.last_seen ?? "").localeCompare(b.last_seen ?? "")
        : byTitle;
  return rules.toSorted((a, b) => turned * value(a, b) || byTitle(a, b));
}
