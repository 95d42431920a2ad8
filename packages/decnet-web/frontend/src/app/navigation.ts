// SPDX-License-Identifier: MIT
// One line per page that the rail, the palette and the keyboard offer.
import type { IconName } from "@/components/show/icon";
import type { Key } from "./i18n";
import type { Role } from "./session";

export interface Entry {
  to: string;
  label: Key;
  icon: IconName;
  group: Key;
  /** The letter after g. */
  key: string;
  role?: Role;
}

export const navigation: readonly Entry[] = [
  { to: "/", label: "nav.overview", icon: "overview", group: "nav.group.watch", key: "o" },
  { to: "/deckies", label: "nav.deckies", icon: "deckies", group: "nav.group.deceive", key: "d" },
  { to: "/events", label: "nav.events", icon: "events", group: "nav.group.watch", key: "e" },
  { to: "/attackers", label: "nav.attackers", icon: "attackers", group: "nav.group.investigate", key: "a" },
  { to: "/sessions", label: "nav.sessions", icon: "sessions", group: "nav.group.investigate", key: "s" },
  { to: "/credentials", label: "nav.credentials", icon: "credentials", group: "nav.group.investigate", key: "c" },
  { to: "/files", label: "nav.files", icon: "files", group: "nav.group.investigate", key: "f" },
  { to: "/identities", label: "nav.identities", icon: "identities", group: "nav.group.investigate", key: "i" },
  { to: "/campaigns", label: "nav.campaigns", icon: "campaigns", group: "nav.group.investigate", key: "p" },
  { to: "/techniques", label: "nav.techniques", icon: "techniques", group: "nav.group.investigate", key: "t" },
  { to: "/workers", label: "nav.workers", icon: "workers", group: "nav.group.operate", key: "w" },
];
