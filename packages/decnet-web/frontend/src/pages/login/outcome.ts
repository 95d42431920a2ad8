// SPDX-License-Identifier: MIT
import type { SessionInfo } from "@/app/session";

export interface Outcome {
  next: "done" | "second_factor";
  ticket?: string | null;
  session?: SessionInfo | null;
}

export interface Methods {
  passkeys: boolean;
  provider: { name: string } | null;
  plain_http_refused: boolean;
}

/** The page to open after the log-in: only one of this site, never an address that somebody put into the link. */
export function placeAfter(next: string | undefined): string {
  if (next === undefined || !next.startsWith("/") || next.startsWith("//") || next.startsWith("/\\")) return "/";
  return next.startsWith("/login") ? "/" : next;
}

/** The secret of a one-time link, which stands in the fragment so that no server or proxy logs it. */
export function linkSecret(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("link");
}
