// SPDX-License-Identifier: MIT
/** What the API answers when it refuses (RFC 9457), as an error that pages can show. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The members that the type of problem adds, e.g. `position` of a query that cannot be read. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, title: string, detail: string, extra: Record<string, unknown> = {}) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.extra = extra;
  }
}

/** Status 0: no answer came at all. */
export const UNREACHABLE = 0;

const STANDARD = new Set(["type", "title", "status", "detail", "instance"]);
const text = (value: unknown, otherwise: string) => (typeof value === "string" && value !== "" ? value : otherwise);

export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    const read: unknown = await response.clone().json();
    if (read !== null && typeof read === "object") body = read as Record<string, unknown>;
  } catch {
    // Not JSON: a proxy's answer. The status says enough.
  }
  const { title, detail } = body;
  const extra = Object.fromEntries(Object.entries(body).filter(([name]) => !STANDARD.has(name)));
  return new Problem(
    response.status,
    text(title, response.statusText || String(response.status)),
    text(detail, ""),
    extra,
  );
}

/** Whether the API says at which place of a query it cannot be read. */
export const namesPlace = (problem: Problem | null): boolean =>
  problem?.status === 422 && typeof problem.extra.at === "number";

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem(UNREACHABLE, "No answer", "");
  return new Problem(UNREACHABLE, "Error", error instanceof Error ? error.message : String(error));
}
