// SPDX-License-Identifier: MIT
/** Who is logged in. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { csrfHeader, setCsrfToken } from "@/api/client";
import { problemOf, type Problem } from "@/api/problem";
import type { components } from "@/api/schema";

export type SessionInfo = components["schemas"]["SessionInfo"];
export type Role = "viewer" | "analyst" | "admin";
export type Me = SessionInfo & { name: string };

const SESSION = "/api/v1/session";
export const SESSION_KEY = ["session"] as const;
const RANK: Readonly<Record<Role, number>> = { viewer: 1, analyst: 2, admin: 3 };

/** Ask and answer in JSON, for the few routes that are used before there is a session. */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...csrfHeader(method) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? null : await response.json()) as T;
}

/** Take a session that the server answered: every log-in and a changed password give a new CSRF token. */
export function adopt(queries: QueryClient, session: SessionInfo): void {
  queries.setQueryData(SESSION_KEY, known(session));
}

function known(session: SessionInfo): Me {
  setCsrfToken(session.csrf ?? "");
  return { ...session, name: session.account.name };
}

export async function whoAmI(): Promise<Me | null> {
  const response = await fetch(SESSION, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (response.status === 401) return null;
  if (!response.ok) throw await problemOf(response);
  return known((await response.json()) as SessionInfo);
}

const SESSION_QUERY = { queryKey: SESSION_KEY, queryFn: whoAmI, staleTime: 5 * 60_000 };

export function useSession() {
  return useQuery<Me | null, Problem>(SESSION_QUERY);
}

/** Ask who is logged in, before anything is shown. */
export function askSession(queries: QueryClient): void {
  void queries.prefetchQuery(SESSION_QUERY);
}

export function useMe(): Me | null {
  return useSession().data ?? null;
}

/** Whether the logged-in person has at least a role: hide what would only be refused. */
export function useAllows(): (role: Role) => boolean {
  const me = useMe();
  return (role) => me !== null && RANK[me.role] >= RANK[role];
}

export function useAllowed(role: Role): boolean {
  return useAllows()(role);
}

export function useLogOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await request("DELETE", SESSION);
    queries.setQueryData(SESSION_KEY, null); // the shell leads to the log-in
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
  };
}
