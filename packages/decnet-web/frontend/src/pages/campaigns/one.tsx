// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { CAMPAIGN } from "../groups/kinds";
import { GroupPage } from "../groups/one";

export default function Page(): ReactElement {
  return <GroupPage kind={CAMPAIGN} />;
}
