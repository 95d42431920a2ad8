// SPDX-License-Identifier: MIT
/** What the overview asks for. The route asks before the page's code is there, so this is no part of that code. */
import type { Search } from "@/app/search";
import { preferences } from "@/app/preferences";

const LEAST_AWAY_MS = 15 * 60_000;
/** When the page was looked at last before this visit: it stays the same for as long as the tab is open. */
export const lookedBefore = preferences().lookedAt;
const away = lookedBefore !== null && Date.now() - Date.parse(lookedBefore) > LEAST_AWAY_MS;

/** The chosen range, "last" for what came since the last visit. */
export function rangeOf(search: Search): string {
  return search.since ?? (away ? "last" : "24h");
}

/** That range as GET /api/v1/overview takes it. */
export function overviewInit(range: string) {
  return { params: { query: { since: range === "last" ? (lookedBefore ?? "24h") : range } } };
}
