// SPDX-License-Identifier: MIT
/** State of pages lives in the address: plain `?name=value`, so that each view has a link that can be sent to others. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Direction = "asc" | "desc";
export type Search = { readonly [name: string]: string | undefined };

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** All parameters, and a function that changes some of them (`undefined` removes one). */
export function useQueryState(): [Search, (change: Search, how?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const change = useCallback(
    (some: Search, { push = false } = {}) => {
      void navigate({
        to: ".",
        search: (before: Search) => ({ ...before, ...some }),
        replace: !push,
        resetScroll: false,
      } as never);
    },
    [navigate],
  );
  return [search, change];
}

/** One parameter with the value it has when the address does not say. */
export function useQueryValue(name: string, otherwise = ""): [string, (value: string | undefined) => void] {
  const [search, change] = useQueryState();
  const set = useCallback(
    (value: string | undefined) => change({ [name]: value === otherwise ? undefined : value }),
    [change, name, otherwise],
  );
  return [search[name] ?? otherwise, set];
}

/** The direction of a list when the address does not say: highest first, but for the list's own order when that ascends. */
export function naturalDirection(sort: string | undefined, order: string | undefined, ascending: boolean): Direction {
  return ascending && (sort ?? order) === order ? "asc" : "desc";
}

/** The direction of the page's list as the API takes it; nothing: as it comes, by default the latest or highest first. */
export function useDirection(natural: Direction = "desc"): { direction?: Direction } {
  const [{ direction }] = useQueryState();
  return (direction === "asc" || direction === "desc") && direction !== natural ? { direction } : {};
}

export const DEFAULT_SINCE = "24h";

/** The time range of the page: `since` and `until` as the API takes them; "all" asks for no bound. */
export function useTimeRange(otherwise = DEFAULT_SINCE): { since?: string; until?: string } {
  const [search] = useQueryState();
  const since = search.since ?? otherwise;
  return { ...(since === "all" ? {} : { since }), ...(search.until ? { until: search.until } : {}) };
}
