// SPDX-License-Identifier: MIT
/** What one person likes, kept in this browser: theme, density, time zone, columns, saved searches. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  /** "local", "UTC" or the name of a zone. */
  zone: string;
  rail: "wide" | "narrow";
  /** Columns that are hidden, by table. */
  hidden: Readonly<Record<string, readonly string[]>>;
  searches: readonly { name: string; query: string }[];
  /** When the overview was looked at last, RFC 3339. */
  lookedAt: string | null;
}

const NAME = "decnet.preferences";
const DEFAULTS: Preferences = {
  theme: "system",
  density: "comfortable",
  zone: "local",
  rail: "wide",
  hidden: {},
  searches: [],
  lookedAt: null,
};

function load(): Preferences {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return { ...DEFAULTS, ...(read as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

let current = load();
const watchers = new Set<() => void>();
const dark = matchMedia("(prefers-color-scheme: dark)");

export const preferences = (): Preferences => current;

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(NAME, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
  show();
  for (const watcher of watchers) watcher();
}

export function effectiveTheme(): "light" | "dark" {
  return current.theme === "system" ? (dark.matches ? "dark" : "light") : current.theme;
}

function show(theme: "light" | "dark" = effectiveTheme()): void {
  const { dataset } = document.documentElement;
  dataset.theme = theme;
  dataset.density = current.density;
}

/** Put theme and density on the document and follow the system; paper is always light. */
export function applyPreferences(): void {
  show();
  dark.addEventListener("change", () => {
    show();
    for (const watcher of watchers) watcher();
  });
  addEventListener("beforeprint", () => show("light"));
  addEventListener("afterprint", () => show());
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

export function useTheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, effectiveTheme);
}
