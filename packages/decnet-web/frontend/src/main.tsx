// SPDX-License-Identifier: MIT
import "./styles/tokens.css";
import "./styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followBrowser } from "./api/live";
import { applyPreferences } from "./app/preferences";
import { makeQueryClient } from "./app/query";
import { routeTree } from "./app/routes";
import { askSession } from "./app/session";
import { parseSearch, stringifySearch } from "./app/search";

// The one-time link of `decnet up` is `/#link=…`: a fragment, so that no log has it.
if (location.hash.startsWith("#link=")) history.replaceState(null, "", `/login${location.hash}`);

const queries = makeQueryClient();
askSession(queries);

const router = createRouter({
  routeTree,
  context: { queries },
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

applyPreferences();
followBrowser();
void router.load(); // the page's code and data are on the way while the frame is rendered

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
