// SPDX-License-Identifier: MIT
/** What others say about an address, a host or a file, provider by provider. */

import type { ReactElement } from "react";
import { useGet, useSend, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { Words } from "@/components/show/words";
import { Verdict } from "../attackers/words";
import styles from "./panel.module.css";

type Known = Data<"/api/v1/intel/{indicator}">;

interface Props {
  indicator: string;
  /** Only addresses can be asked about anew. */
  address?: boolean;
}

export function IntelPanel({ indicator, address = false }: Props): ReactElement {
  const query = useGet("/api/v1/intel/{indicator}", { params: { path: { indicator } } });
  if (query.error) return <ErrorState problem={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={4} />;
  const known = query.data;
  return (
    <div className={styles.panel}>
      <Head known={known} address={address} />
      {known.findings.length === 0 && (
        <p className="muted">
          <Words text={t("intel.none")} />
        </p>
      )}
      <ul className={styles.providers}>
        {known.findings.map((one) => (
          <Provider key={one.provider} finding={one} />
        ))}
      </ul>
    </div>
  );
}

function Head({ known, address }: { known: Known; address: boolean }): ReactElement {
  const refresh = useSend("post", "/api/v1/intel/{address}/refresh", ["/api/v1/intel"]);
  const may = useAllowed("analyst") && address;
  const ask = (): void => {
    refresh.mutate(
      { params: { path: { address: known.indicator } } },
      { onSuccess: () => toast(t("intel.refreshed")), onError: (problem) => toast(problem.message, "bad") },
    );
  };
  return (
    <div className={styles.head}>
      <Verdict value={known.verdict} />
      {known.since && (
        <span className="muted">
          {t("intel.since")} <Moment value={known.since} show="absolute" />
        </span>
      )}
      {known.waiting.map((one) => (
        <Badge key={one} tone="warn">
          {t("intel.waiting", { provider: one })}
        </Badge>
      ))}
      {may && (
        <Button small icon="refresh" disabled={refresh.isPending} onClick={ask}>
          {t("intel.refresh")}
        </Button>
      )}
    </div>
  );
}

function Provider({ finding }: { finding: Known["findings"][number] }): ReactElement {
  return (
    <li className={styles.provider}>
      <h3>
        {finding.provider} <Verdict value={finding.verdict} />
      </h3>
      <ul className={styles.reasons}>
        {finding.reasons.map((reason, index) => (
          <li key={index}>{reason}</li>
        ))}
      </ul>
      <Details detail={finding.detail} />
      <p className={styles.times}>
        {t("intel.fetched")} <Moment value={finding.fetched_at} show="ago" /> · {t("intel.expires")}{" "}
        <Moment value={finding.expires_at} show="absolute" />
      </p>
    </li>
  );
}

function Details({ detail }: { detail: Readonly<Record<string, unknown>> }): ReactElement | null {
  const entries = Object.entries(detail);
  if (!entries.length) return null;
  return (
    <details className={styles.detail}>
      <summary>{t("intel.detail")}</summary>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
