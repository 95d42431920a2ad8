// SPDX-License-Identifier: MIT
// One line per area; a key belongs to the area that its first word names.
import { account } from "./account";
import { common } from "./common";
import { events } from "./events";
import { shell } from "./shell";

export const english = {
  ...common,
  ...shell,
  ...account,
  ...events,
} as const;

export type Key = keyof typeof english;
