// SPDX-License-Identifier: MIT
/** The identity of an attacker: who else is in it, and why. */

import type { ReactElement } from "react";
import { useGet } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { buttonClass } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Go } from "@/components/pivot/go";
import { CampaignLink } from "../attackers/links";
import { IDENTITY, paths } from "./kinds";
import { EvidenceTable, MemberTable } from "./tables";
import styles from "../attackers/attackers.module.css";

export function OfAttacker({ identity }: { identity: string | null }): ReactElement {
  const query = useGet(
    paths(IDENTITY).one,
    { params: { path: { group: identity ?? "" } } },
    { enabled: identity !== null },
  );
  if (identity === null) return <p className="muted">{t("attacker.identity.none")}</p>;
  if (query.error) return <ErrorState problem={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={5} />;
  const { group, common, campaign } = query.data;
  return (
    <div className={styles.stack}>
      <p className={styles.head}>
        <span>{tn("group.members", group.members)}</span>
        {campaign && (
          <span>
            {t("groups.column.campaign")} <CampaignLink id={campaign} />
          </span>
        )}
        <Go to="/identities/$id" params={{ id: group.id }} className={buttonClass({ small: true })}>
          {t("attacker.identity.open")}
        </Go>
      </p>
      <MemberTable kind={IDENTITY} group={group.id} />
      <EvidenceTable common={common} />
    </div>
  );
}
