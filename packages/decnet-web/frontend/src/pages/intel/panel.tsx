// SPDX-License-Identifier: MIT
/** What others say about an address, a host or a file, provider by provider. */

import type { ReactElement } from "react";
import type { Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { Moment } from "@/components/show/moment";
import { Verdict } from "../attackers/words";
import styles from "./panel.module.css";

type Finding = Data<"/api/v1/attackers/{ip}">["intel"][number];

export function IntelPanel({ findings }: { indicator: string; findings: readonly Finding[] }): ReactElement {
  if (!findings.length) return <p className="muted">{t("intel.none")}</p>;
  return (
    <ul className={styles.providers}>
      {findings.map((one) => (
        <li key={one.provider} className={styles.provider}>
          <h3>
            {one.provider} <Verdict value={one.verdict} />
          </h3>
          <ul className={styles.reasons}>
            {one.reasons.map((reason, index) => (
              <li key={index}>{reason}</li>
            ))}
          </ul>
          <Details detail={one.detail} />
          <p className={styles.times}>
            {t("intel.fetched")} <Moment value={one.fetched_at} show="ago" /> · {t("intel.expires")}{" "}
            <Moment value={one.expires_at} show="absolute" />
          </p>
        </li>
      ))}
    </ul>
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
