// SPDX-License-Identifier: MIT
// The one HTTP client: types from the OpenAPI document, the CSRF token on writes, problems as errors.
import createClient, { type Middleware } from "openapi-fetch";
import { Problem, UNREACHABLE, problemOf } from "./problem";
import type { paths } from "./schema";

let csrf = "";

/** Set the token that GET /api/v1/session answers; every write sends it. */
export function setCsrfToken(token: string): void {
  csrf = token;
}

export function csrfHeader(method: string): Record<string, string> {
  return method === "GET" || method === "HEAD" || csrf === "" ? {} : { "X-CSRF-Token": csrf };
}

const guard: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(csrfHeader(request.method))) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return error instanceof Problem
      ? error
      : new Problem(UNREACHABLE, "No answer", error instanceof Error ? error.message : "");
  },
};

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  credentials: "same-origin",
  headers: { Accept: "application/json" },
});
client.use(guard);
