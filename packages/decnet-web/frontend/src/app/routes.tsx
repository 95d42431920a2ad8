// SPDX-License-Identifier: MIT
// The routes: one line per page, loaded when it is opened first.
import { createRootRoute, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { Search } from "./search";
import { NotFound, PageFailed } from "./shell/fallbacks";
import { Shell } from "./shell/shell";

const root = createRootRoute({
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

const pages = [page("/", () => import("@/pages/overview/page")), page("/events", () => import("@/pages/events/page"))];

export const routeTree = root.addChildren([login, shell.addChildren(pages)]);
