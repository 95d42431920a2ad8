// SPDX-License-Identifier: MIT
// One line per area; a key belongs to the area that its first word names.
import { account } from "./account";
import { canaries } from "./canaries";
import { common } from "./common";
import { deckies } from "./deckies";
import { fleet } from "./fleet";
import { rules } from "./rules";
import { sensors } from "./sensors";
import { shell } from "./shell";
import { webhooks } from "./webhooks";
import { workers } from "./workers";

export const english = {
  ...common,
  ...shell,
  ...account,
  ...canaries,
  ...deckies,
  ...fleet,
  ...rules,
  ...sensors,
  ...webhooks,
  ...workers,
} as const;

export type Key = keyof typeof english;
