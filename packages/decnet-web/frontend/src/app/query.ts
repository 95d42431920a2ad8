// SPDX-License-Identifier: MIT
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem, UNREACHABLE } from "@/api/problem";
import { SESSION_KEY } from "./session";

const RETRIES = 2;

/** Retry what another moment may answer; a refusal stays one. */
export function retry(failures: number, error: unknown): boolean {
  const status = error instanceof Problem ? error.status : UNREACHABLE;
  return failures < RETRIES && (status === UNREACHABLE || status === 502 || status === 503 || status === 504);
}

export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        // The shell shows the log-in page when nobody is logged in.
        if (error instanceof Problem && error.status === 401) client.setQueryData(SESSION_KEY, null);
      },
    }),
    defaultOptions: { queries: { retry, staleTime: 10_000, refetchOnWindowFocus: true }, mutations: { retry: false } },
  });
  return client;
}
