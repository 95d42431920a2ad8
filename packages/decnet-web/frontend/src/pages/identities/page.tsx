// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { IDENTITY } from "../groups/kinds";
import { GroupList } from "../groups/list";

export default function Page(): ReactElement {
  return <GroupList kind={IDENTITY} />;
}
