// SPDX-License-Identifier: MIT
/** Identities and campaigns have the same routes and answers: what differs between them stands here. */

import type { Data, Item } from "@/api/queries";
import type { Key } from "@/app/i18n";

export type Group = Item<"/api/v1/identities">;
export type Whole = Data<"/api/v1/identities/{group}">;
export type Ruling = "split" | "join" | "pin" | "undo" | "withdraw";

export interface Kind {
  one: "identity" | "campaign";
  many: "identities" | "campaigns";
  title: Key;
  about: Key;
  empty: Key;
  name: "group.identity" | "group.campaign";
}

export const IDENTITY: Kind = {
  one: "identity",
  many: "identities",
  title: "identities.title",
  about: "identities.about",
  empty: "identities.empty.body",
  name: "group.identity",
};

export const CAMPAIGN: Kind = {
  one: "campaign",
  many: "campaigns",
  title: "campaigns.title",
  about: "campaigns.about",
  empty: "campaigns.empty.body",
  name: "group.campaign",
};

/** The paths of both have one type, as their answers have. */
export function paths(kind: Kind) {
  const list = `/api/v1/${kind.many}`;
  return {
    list: list as "/api/v1/identities",
    one: `${list}/{group}` as "/api/v1/identities/{group}",
    members: `${list}/{group}/members` as "/api/v1/identities/{group}/members",
    graph: `${list}/{group}/graph` as "/api/v1/identities/{group}/graph",
    ruling: (ruling: Ruling) => `${list}/{group}/${ruling}` as "/api/v1/identities/{group}/split",
  };
}
