// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { Go } from "@/components/pivot/go";

export function IdentityLink({ id }: { id: string | null }): ReactElement {
  if (id === null) return <span className="muted">–</span>;
  return (
    <Go to="/identities/$id" params={{ id }} title={id}>
      <code>{id.slice(0, 8)}</code>
    </Go>
  );
}

export function CampaignLink({ id }: { id: string | null }): ReactElement {
  if (id === null) return <span className="muted">–</span>;
  return (
    <Go to="/campaigns/$id" params={{ id }} title={id}>
      <code>{id.slice(0, 8)}</code>
    </Go>
  );
}
