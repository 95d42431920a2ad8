// SPDX-License-Identifier: MIT
// One line per page that the rail, the palette and the keyboard offer.
import type { IconName } from "@/components/show/icon";
import type { Key } from "./i18n";
import type { Role } from "./session";

/** A page, or a state of one that `search` names. */
export interface Destination {
  to: string;
  search?: Readonly<Record<string, string>>;
  label: Key;
  icon: IconName;
  role?: Role;
}

export interface Entry extends Destination {
  group: Key;
  /** The letter after g. */
  key: string;
}

/** What the palette offers besides the pages. */
export const actions: readonly Destination[] = [
  { to: "/account", label: "shell.account", icon: "user" },
  { to: "/events", search: { mode: "live" }, label: "events.mode.live", icon: "play" },
  { to: "/deploy", search: { add: "1" }, label: "deckies.add", icon: "deckies", role: "admin" },
  { to: "/deploy", label: "deckies.deploy", icon: "deckies", role: "admin" },
  { to: "/canaries", search: { tab: "kinds" }, label: "canaries.make", icon: "canaries", role: "analyst" },
  { to: "/rules", search: { tab: "editor" }, label: "rules.tab.editor", icon: "rules", role: "analyst" },
  { to: "/webhooks", search: { add: "1" }, label: "webhooks.add", icon: "webhooks", role: "admin" },
];

/** The order in which groups stand. */
export const groups: readonly Key[] = [
  "nav.group.watch",
  "nav.group.investigate",
  "nav.group.deceive",
  "nav.group.operate",
  "nav.group.administer",
];

export const navigation: readonly Entry[] = [
  { to: "/", label: "nav.overview", icon: "overview", group: "nav.group.watch", key: "o" },
  { to: "/incidents", label: "nav.incidents", icon: "incidents", group: "nav.group.watch", key: "i" },
  { to: "/deckies", label: "nav.deckies", icon: "deckies", group: "nav.group.deceive", key: "d" },
  { to: "/events", label: "nav.events", icon: "events", group: "nav.group.watch", key: "e" },
  { to: "/attackers", label: "nav.attackers", icon: "attackers", group: "nav.group.investigate", key: "a" },
  { to: "/sessions", label: "nav.sessions", icon: "sessions", group: "nav.group.investigate", key: "s" },
  { to: "/credentials", label: "nav.credentials", icon: "credentials", group: "nav.group.investigate", key: "c" },
  { to: "/files", label: "nav.files", icon: "files", group: "nav.group.investigate", key: "f" },
  { to: "/identities", label: "nav.identities", icon: "identities", group: "nav.group.investigate", key: "n" },
  { to: "/campaigns", label: "nav.campaigns", icon: "campaigns", group: "nav.group.investigate", key: "p" },
  { to: "/techniques", label: "nav.techniques", icon: "techniques", group: "nav.group.investigate", key: "t" },
  { to: "/canaries", label: "nav.canaries", icon: "canaries", group: "nav.group.deceive", key: "y" },
  { to: "/agenda", label: "nav.agenda", icon: "clock", group: "nav.group.deceive", key: "v" },
  { to: "/webhooks", label: "nav.webhooks", icon: "webhooks", group: "nav.group.operate", key: "h" },
  { to: "/reports", label: "nav.reports", icon: "reports", group: "nav.group.investigate", key: "r" },
  { to: "/sensors", label: "nav.sensors", icon: "sensors", group: "nav.group.operate", key: "m" },
  { to: "/workers", label: "nav.workers", icon: "workers", group: "nav.group.operate", key: "w" },
  { to: "/users", label: "nav.users", icon: "users", group: "nav.group.administer", key: "u" },
  { to: "/audit", label: "nav.audit", icon: "audit", group: "nav.group.administer", key: "l", role: "admin" },
  { to: "/rules", label: "nav.rules", icon: "rules", group: "nav.group.operate", key: "k" },
  { to: "/database", label: "nav.database", icon: "files", group: "nav.group.operate", key: "b" },
  { to: "/settings", label: "nav.settings", icon: "settings", group: "nav.group.administer", key: ",", role: "admin" },
];
