// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { CAMPAIGN } from "../groups/kinds";
import { GroupList } from "../groups/list";

export default function Page(): ReactElement {
  return <GroupList kind={CAMPAIGN} />;
}
