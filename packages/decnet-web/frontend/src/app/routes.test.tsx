// SPDX-License-Identifier: MIT
import { createMemoryHistory, createRouter } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { makeQueryClient } from "./query";
import { routeTree } from "./routes";
import { parseSearch, stringifySearch } from "./search";

test("the overview's data is asked for by the route, for the range of the address", async () => {
  const queries = makeQueryClient();
  const history = createMemoryHistory({ initialEntries: ["/?since=7d"] });
  await createRouter({ routeTree, parseSearch, stringifySearch, context: { queries }, history }).load();
  const keys = queries
    .getQueryCache()
    .findAll()
    .map(({ queryKey }) => queryKey);
  expect(keys).toEqual([["/api/v1/overview", { params: { query: { since: "7d" } } }]]);
});
