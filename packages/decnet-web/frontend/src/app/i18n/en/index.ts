// SPDX-License-Identifier: MIT
// One line per area; a key belongs to the area that its first word names.
import { account } from "./account";
import { canaries } from "./canaries";
import { common } from "./common";
import { events } from "./events";
import { attackers } from "./attackers";
import { credentials, fingerprints } from "./credentials";
import { files, intel } from "./files";
import { groups } from "./groups";
import { pivot } from "./pivot";
import { player, graph } from "./player";
import { overview } from "./overview";
import { incidents } from "./incidents";
import { reports, searching } from "./reports";
import { sessions } from "./sessions";
import { techniques } from "./techniques";
import { deckies } from "./deckies";
import { fleet } from "./fleet";
import { rules } from "./rules";
import { sensors } from "./sensors";
import { users } from "./users";
import { shell } from "./shell";
import { webhooks } from "./webhooks";
import { workers } from "./workers";

export const english = {
  ...common,
  ...shell,
  ...account,
  ...users,
  ...events,
  ...overview,
  ...incidents,
  ...attackers,
  ...credentials,
  ...fingerprints,
  ...files,
  ...intel,
  ...groups,
  ...pivot,
  ...player,
  ...graph,
  ...reports,
  ...searching,
  ...sessions,
  ...techniques,
  ...canaries,
  ...deckies,
  ...fleet,
  ...rules,
  ...sensors,
  ...webhooks,
  ...workers,
} as const;

export type Key = keyof typeof english;
