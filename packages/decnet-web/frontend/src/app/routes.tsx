// SPDX-License-Identifier: MIT
// The routes: one line per page, loaded when it is opened first.
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { ask } from "@/api/queries";
import { overviewInit, rangeOf } from "@/pages/overview/asked";
import type { Search } from "./search";
import { NotFound, PageFailed } from "./shell/fallbacks";
import { Shell } from "./shell/shell";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: PageFailed,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

function page<const Path extends string>(path: Path, load: () => Promise<{ default: ComponentType }>) {
  return createRoute({
    getParentRoute: () => shell,
    path,
    component: lazyRouteComponent(load),
    errorComponent: PageFailed,
  });
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: lazyRouteComponent(() => import("@/pages/login/page")),
});

/** The first page that most see: what it shows is asked for while its code is on the way. */
const overview = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("@/pages/overview/page")),
  errorComponent: PageFailed,
  loaderDeps: ({ search }) => ({ range: rangeOf(search) }),
  loader: ({ context, deps }) => ask(context.queries, "/api/v1/overview", overviewInit(deps.range)),
});

const pages = [
  overview,
  page("/deckies", () => import("@/pages/deckies/page")),
  page("/deckies/$name", () => import("@/pages/deckies/one")),
  page("/agenda", () => import("@/pages/agenda/page")),
  page("/deploy", () => import("@/pages/deploy/page")),
  page("/events", () => import("@/pages/events/page")),
  page("/incidents", () => import("@/pages/incidents/page")),
  page("/incidents/$number", () => import("@/pages/incidents/one")),
  page("/attackers", () => import("@/pages/attackers/page")),
  page("/attackers/$ip", () => import("@/pages/attackers/one")),
  page("/sessions", () => import("@/pages/sessions/page")),
  page("/sessions/$session", () => import("@/pages/sessions/one")),
  page("/credentials", () => import("@/pages/credentials/page")),
  page("/credentials/$digest", () => import("@/pages/credentials/one")),
  page("/techniques", () => import("@/pages/techniques/page")),
  page("/files", () => import("@/pages/files/page")),
  page("/files/$sha256", () => import("@/pages/files/one")),
  page("/canaries", () => import("@/pages/canaries/page")),
  page("/canaries/$token", () => import("@/pages/canaries/one")),
  page("/webhooks", () => import("@/pages/webhooks/page")),
  page("/identities", () => import("@/pages/identities/page")),
  page("/identities/$id", () => import("@/pages/identities/one")),
  page("/campaigns", () => import("@/pages/campaigns/page")),
  page("/campaigns/$id", () => import("@/pages/campaigns/one")),
  page("/account", () => import("@/pages/account/page")),
  page("/users", () => import("@/pages/users/page")),
  page("/audit", () => import("@/pages/audit/page")),
  page("/reports", () => import("@/pages/reports/page")),
  page("/search", () => import("@/pages/search/page")),
  page("/sensors", () => import("@/pages/sensors/page")),
  page("/rules", () => import("@/pages/rules/page")),
  page("/database", () => import("@/pages/database/page")),
  page("/settings", () => import("@/pages/settings/page")),
  page("/workers", () => import("@/pages/workers/page")),
  page("/workers/$name", () => import("@/pages/workers/one")),
];

/** Any other address: with the navigation, so that nobody is stranded there. */
const elsewhere = createRoute({ getParentRoute: () => shell, path: "/$", component: NotFound });

export const routeTree = root.addChildren([login, shell.addChildren([...pages, elsewhere])]);
