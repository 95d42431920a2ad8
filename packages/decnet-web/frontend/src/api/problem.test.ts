// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { asProblem, Problem, problemOf, UNREACHABLE } from "./problem";

test("a problem of the server keeps its words and its additions", async () => {
  const body = { type: "about:blank", title: "Bad query", status: 422, detail: "no", at: 3, length: 2 };
  const problem = await problemOf(new Response(JSON.stringify(body), { status: 422 }));
  expect([problem.status, problem.title, problem.detail, problem.extra]).toEqual([
    422,
    "Bad query",
    "no",
    { at: 3, length: 2 },
  ]);
});

test("an answer that is no JSON is a problem too", async () => {
  const problem = await problemOf(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  expect([problem.status, problem.title]).toEqual([502, "Bad Gateway"]);
});

test("no answer is told from an answer", () => {
  expect(asProblem(new TypeError("Failed to fetch")).status).toBe(UNREACHABLE);
  const one = new Problem(404, "a", "b");
  expect(asProblem(one)).toBe(one);
});
