// SPDX-License-Identifier: MIT
/** Keys of the whole dashboard. Those of a list are in DataTable; j and k reach into the first list of the page. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { navigation } from "@/app/navigation";
import { effectiveTheme, prefer } from "@/app/preferences";

const PREFIX_MS = 1500;

export type Action = "palette" | "keys" | "search" | "theme" | "list" | { go: string } | "prefix" | null;

export interface Press {
  key: string;
  control: boolean;
  /** The focus is in something that takes text. */
  typing: boolean;
  /** g was pressed before. */
  prefixed: boolean;
}

/** What a key does. */
export function actionOf({ key, control, typing, prefixed }: Press): Action {
  if (control) return key.toLowerCase() === "k" ? "palette" : null;
  if (typing) return null;
  if (prefixed) {
    const entry = navigation.find((one) => one.key === key);
    return entry ? { go: entry.to } : null;
  }
  const simple: Readonly<Record<string, Action>> = {
    "?": "keys",
    "/": "search",
    g: "prefix",
    T: "theme",
    j: "list",
    k: "list",
  };
  return simple[key] ?? null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null
  );
}

export function useShortcuts(open: { palette: () => void; keys: () => void }): void {
  const navigate = useNavigate();
  const run = useEffectEvent((action: Exclude<Action, null | "prefix">) => {
    if (typeof action === "object") void navigate({ to: action.go as never, search: {} as never });
    else if (action === "palette") open.palette();
    else if (action === "keys") open.keys();
    else if (action === "theme") prefer({ theme: effectiveTheme() === "dark" ? "light" : "dark" });
    else if (action === "search") document.querySelector<HTMLElement>("[data-page-search]")?.focus();
    else document.querySelector<HTMLElement>("main [data-row]")?.focus();
  });
  useEffect(() => {
    let prefix = 0;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const control = event.ctrlKey || event.metaKey;
      const modal = document.querySelector("[role=dialog], [role=alertdialog]") !== null;
      const typing = modal || isTyping(event.target);
      const action = actionOf({ key: event.key, control, typing, prefixed: event.timeStamp < prefix });
      prefix = action === "prefix" ? event.timeStamp + PREFIX_MS : 0;
      if (action === null || action === "prefix") return;
      event.preventDefault();
      run(action);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
