// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Data } from "@/api/queries";
import { formatCompact, t, tn, tv } from "@/app/i18n";
import { EmptyState } from "@/components/feedback/empty-state";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Card } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Score } from "@/components/show/score";
import { Severity } from "@/components/show/severity";
import { countryName } from "./iso";
import styles from "./overview.module.css";

type Overview = Data<"/api/v1/overview">;

function More({ to, search = {}, words }: { to: string; search?: Record<string, string>; words: string }) {
  return (
    <Link to={to as never} search={search as never}>
      {words}
    </Link>
  );
}

export function OpenIncidents({ data }: { data: Overview }) {
  return (
    <Card title={t("overview.incidents")} actions={<More to="/incidents" words={t("overview.all")} />}>
      {data.incidents.length === 0 ? (
        <EmptyState icon="check" title={t("overview.incidents.empty")} />
      ) : (
        <ul className={styles.rows}>
          {data.incidents.slice(0, 7).map((one) => (
            <li key={one.incident}>
              <Severity value={one.severity} />
              <Link
                to="/incidents/$number"
                params={{ number: String(one.incident) }}
                search={{}}
                className={styles.grow ?? ""}
                title={one.line}
              >
                {one.attacker}: {one.line || tn("incidents.notices", one.notices)}
              </Link>
              {one.state === "acknowledged" && <Badge tone="accent">{t("incidents.state.acknowledged")}</Badge>}
              <span className={styles.end}>
                <Moment value={one.last_seen} show="ago" />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function TopAttackers({ data, since }: { data: Overview; since: string }) {
  return (
    <Card title={t("overview.top")} actions={<More to="/attackers" search={{ since }} words={t("overview.all")} />}>
      {data.top_attackers.length === 0 ? (
        <EmptyState icon="attackers" title={t("overview.top.empty")} />
      ) : (
        <ul className={styles.rows}>
          {data.top_attackers.slice(0, 8).map((one) => (
            <li key={one.ip}>
              <Score value={one.score} />
              <Address value={one.ip} />
              <span className={`${styles.grow} muted`}>
                {[one.country && countryName(one.country), one.organisation].filter(Boolean).join(" · ")}
              </span>
              <span className={styles.end}>{tn("overview.events", one.events)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function NewTechniques({ data }: { data: Overview }) {
  return (
    <Card title={t("overview.techniques")} actions={<More to="/techniques" words={t("overview.matrix")} />}>
      {data.new_techniques.length === 0 ? (
        <EmptyState icon="techniques" title={t("overview.techniques.empty")}>
          <p>{t("overview.techniques.known", { n: data.techniques })}</p>
        </EmptyState>
      ) : (
        <ul className={styles.rows}>
          {data.new_techniques.slice(0, 8).map((one) => (
            <li key={one.technique}>
              <code>{one.technique}</code>
              <span className={styles.grow} title={one.tactics.join(", ")}>
                {one.name ?? ""}
              </span>
              <span className={styles.end}>{tn("overview.attackers", one.attackers)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function CanaryHits({ data }: { data: Overview }) {
  return (
    <Card title={t("overview.canaries")} actions={<More to="/canaries" words={t("overview.all")} />}>
      {data.canary_hits.length === 0 ? (
        <EmptyState icon="canaries" title={t("overview.canaries.empty")}>
          <p>{t("overview.canaries.do")}</p>
        </EmptyState>
      ) : (
        <ul className={styles.rows}>
          {data.canary_hits.slice(0, 8).map((one) => (
            <li key={one.seq}>
              <Badge tone={one.scanner ? "neutral" : "bad"} bare>
                {one.channel}
              </Badge>
              <span className={styles.grow} title={one.scanner ?? one.user_agent ?? ""}>
                {one.label ?? one.token}
              </span>
              <Address value={one.attacker} />
              <span className={styles.end}>
                <Moment value={one.ts} show="ago" />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function FleetHealth({ data: { health } }: { data: Overview }) {
  const phases = Object.entries(health.deckies);
  const bad = health.troubles.length > 0 || health.dead_letters > 0;
  return (
    <Card title={t("overview.health")} actions={<More to="/workers" words={t("overview.workers")} />}>
      <ul className={styles.rows}>
        <li>
          <Badge tone={bad ? "bad" : "good"}>{bad ? t("overview.health.bad") : t("overview.health.good")}</Badge>
          <span className={styles.end}>
            {t("overview.health.last")} <Moment value={health.last_event_at} show="ago" />
          </span>
        </li>
        {phases.map(([phase, count]) => (
          <li key={phase}>
            <span className={styles.grow}>{t("overview.health.deckies", { phase: tv("overview.phase", phase) })}</span>
            <span className={styles.end}>{count}</span>
          </li>
        ))}
        {health.troubles.map((one) => (
          <li key={one.trouble}>
            <Badge tone="bad">{one.trouble}</Badge>
            <span className={styles.end}>
              <Moment value={one.since} show="ago" />
            </span>
          </li>
        ))}
        {health.dead_letters > 0 && (
          <li>
            <Badge tone="warn">{tn("overview.health.dead", health.dead_letters)}</Badge>
          </li>
        )}
      </ul>
    </Card>
  );
}

/** Names with a bar each, the longest first. */
export function Bars({
  counts,
  name,
  most = 7,
}: {
  counts: Readonly<Record<string, number>>;
  name: (key: string) => ReactNode;
  most?: number;
}) {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const highest = sorted[0]?.[1] ?? 1;
  return (
    <ul className={styles.bars}>
      {sorted.slice(0, most).map(([key, count]) => (
        <li key={key}>
          <span title={key}>{name(key)}</span>
          <span className={styles.track} aria-hidden="true">
            <span style={{ width: `${(count / highest) * 100}%` }} />
          </span>
          <span className="num muted">{formatCompact(count)}</span>
        </li>
      ))}
    </ul>
  );
}
