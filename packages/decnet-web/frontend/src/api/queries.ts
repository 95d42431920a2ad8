// SPDX-License-Identifier: MIT
/**
 * Typed hooks over the client:
 *   const q = useGet("/api/v1/attackers/{ip}", { params: { path: { ip } } });
 *   const pages = usePages("/api/v1/events", { params: { query: { since: "24h" } } });   // pages.items, pages.more()
 *   const close = useSend("post", "/api/v1/incidents/{n}/close", ["/api/v1/incidents"]);  // close.mutate({ params, body })
 */
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { MaybeOptionalInit } from "openapi-fetch";
import type { HttpMethod, PathsWithMethod, ResponseObjectMap, SuccessResponse } from "openapi-typescript-helpers";
import { client } from "./client";
import { problemOf, type Problem } from "./problem";
import type { paths } from "./schema";

type Get = PathsWithMethod<paths, "get">;
type Write = "post" | "put" | "patch" | "delete";
type Answer<Path extends keyof paths, Method extends HttpMethod> = Method extends keyof paths[Path]
  ? paths[Path][Method] extends Record<string | number, unknown>
    ? SuccessResponse<ResponseObjectMap<paths[Path][Method]>, "application/json">
    : never
  : never;
/** What GET of a path answers. */
export type Data<Path extends Get> = Answer<Path, "get">;
/** One row of a listing. */
export type Item<Path extends Get> = Data<Path> extends { items: (infer T)[] } ? T : never;
type Init<Path extends keyof paths, Method extends HttpMethod> = Method extends keyof paths[Path]
  ? MaybeOptionalInit<paths[Path], Method>
  : never;

export interface GetOptions {
  enabled?: boolean;
  /** Ask again after so many milliseconds while the page is in front. */
  every?: number;
  /** Show the last answer until the one of changed parameters has come. */
  keep?: boolean;
}

type Call = (path: string, init: unknown) => Promise<{ data?: unknown }>;
const method = (name: string) => client[name.toUpperCase() as "GET"] as unknown as Call;

async function get(path: string, init: unknown, signal: AbortSignal): Promise<unknown> {
  const { data } = await method("get")(path, { ...(init as object | undefined), signal });
  return data ?? null;
}

function queryOf<Path extends Get>(path: Path, init: Init<Path, "get">) {
  return {
    queryKey: [path, init ?? {}],
    queryFn: async ({ signal }: { signal: AbortSignal }) => (await get(path, init, signal)) as Data<Path>,
  };
}

export function useGet<Path extends Get>(
  path: Path,
  init: Init<Path, "get">,
  { enabled = true, every, keep = false }: GetOptions = {},
): UseQueryResult<Data<Path>, Problem> {
  return useQuery<Data<Path>, Problem>({
    ...queryOf<Path>(path, init),
    enabled,
    refetchInterval: every ?? false,
    ...(keep ? { placeholderData: keepPreviousData as never } : {}),
  });
}

/** Ask before a page shows it, for `useGet` with the same path and parameters. */
export function ask<Path extends Get>(queries: QueryClient, path: Path, init: Init<Path, "get">): void {
  void queries.prefetchQuery(queryOf<Path>(path, init));
}

interface PageOf<T> {
  items: T[];
  next?: string | null;
}

function after(init: unknown, cursor: string | null): unknown {
  if (cursor === null) return init;
  const { params, ...rest } = (init ?? {}) as { params?: { query?: object } };
  return { ...rest, params: { ...params, query: { ...params?.query, after: cursor } } };
}

/** A listing with keyset paging: `items` so far, `more()` for the next page while `hasMore`. */
export function usePages<Path extends Get>(
  path: Path,
  init: Init<Path, "get">,
  { enabled = true, every }: GetOptions = {},
) {
  const query = useInfiniteQuery({
    queryKey: [path, init ?? {}, "pages"],
    queryFn: async ({ pageParam, signal }) => (await get(path, after(init, pageParam), signal)) as PageOf<Item<Path>>,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled,
    refetchInterval: every ?? false,
    placeholderData: keepPreviousData,
  });
  return {
    items: query.data?.pages.flatMap((page) => page.items) ?? [],
    problem: query.error as Problem | null,
    loading: query.isPending,
    fetching: query.isFetching,
    hasMore: query.hasNextPage,
    more: () => {
      if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    },
    again: () => void query.refetch(),
  };
}

/** Ask again for everything whose path begins with one of `prefixes`. */
export function forget(queries: QueryClient, prefixes: readonly string[]): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey: [path] }) => typeof path === "string" && prefixes.some((one) => path.startsWith(one)),
  });
}

export function useSend<Method extends Write, Path extends PathsWithMethod<paths, Method>>(
  name: Method,
  path: Path,
  invalidates: readonly string[] = [],
): UseMutationResult<Answer<Path, Method>, Problem, Init<Path, Method>> {
  const queries = useQueryClient();
  return useMutation<Answer<Path, Method>, Problem, Init<Path, Method>>({
    mutationFn: async (init) => (await method(name)(path as string, init)).data as Answer<Path, Method>,
    onSuccess: () => forget(queries, invalidates),
  });
}

/** Save an export: `Accept` cannot be set on a link, so the answer is fetched and handed on as a file. */
export async function download(path: string, accept: string, name: string): Promise<void> {
  const response = await fetch(path, { headers: { Accept: accept }, credentials: "same-origin" });
  if (!response.ok) throw await problemOf(response);
  save(await response.blob(), name);
}

/** Have the browser store a file. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
