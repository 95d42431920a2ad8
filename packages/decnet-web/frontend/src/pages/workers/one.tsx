// SPDX-License-Identifier: MIT
/** One worker: its processes, counters, dead letters and the end of its log. */
import { useParams } from "@tanstack/react-router";
import { useGet, type Data } from "@/api/queries";
import { formatBytes, formatNumber, t, tn, tv } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Badge } from "@/components/show/badge";
import { Card, Facts, Grid, Page, StatCard } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { duration } from "@/components/show/times";
import { Words } from "@/components/show/words";
import { Actions } from "./Actions";
import { Log } from "./Log";
import { lagWords, toneOf, wakerWords } from "./worker";
import styles from "./one.module.css";

type Detail = Data<"/api/v1/workers/{name}">;

const EVERY_MS = 5_000;

export default function WorkerPage() {
  const { name = "" } = useParams({ strict: false });
  const { data, error, refetch } = useGet(
    "/api/v1/workers/{name}",
    { params: { path: { name } } },
    { every: EVERY_MS },
  );
  return (
    <Page
      title={name}
      about={data && <Badge tone={toneOf(data.state)}>{tv("workers.state", data.state)}</Badge>}
      actions={data && <Actions name={name} state={data.state} />}
    >
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && <Detailed one={data} />}
    </Page>
  );
}

function Detailed({ one }: { one: Detail }) {
  const counters = Object.entries(one.counters).sort(([a], [b]) => a.localeCompare(b));
  return (
    <>
      <Numbers one={one} />
      {(one.reason !== null || one.troubles.length > 0) && (
        <Card title={t("workers.trouble")}>
          <ul className={styles.troubles}>
            {one.reason && <li>{one.reason}</li>}
            {one.troubles.map((each) => (
              <li key={each.what}>
                {each.what}
                {each.count !== null && ` (${formatNumber(each.count)})`}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Log name={one.worker} />
      <div className={styles.columns}>
        <Card title={t("workers.facts")}>
          <Facts items={facts(one)} />
        </Card>
        <Card title={t("workers.counters")}>
          <p className="muted">{t(counters.length > 0 ? "workers.counters.lead" : "workers.counters.none")}</p>
          <Facts items={counters.map(([key, value]) => [key.replaceAll("_", " "), formatNumber(value)])} />
        </Card>
      </div>
      {one.dead_letters > 0 && <DeadLetters one={one} />}
    </>
  );
}

function Numbers({ one }: { one: Detail }) {
  const parked = one.state === "parked" && one.pid === null;
  const bytes = (value: number | null) => (parked ? formatBytes(0) : value === null ? "–" : formatBytes(value));
  return (
    <Grid>
      <StatCard label={t("workers.col.private")} value={bytes(one.uss)} />
      <StatCard label={t("workers.col.pss")} value={bytes(one.pss)} />
      <StatCard
        label={t("workers.col.lag")}
        value={lagWords(one) ?? "–"}
        tone={(one.lag ?? 0) > 0 ? "warn" : "normal"}
      />
      <StatCard label={t("workers.col.restarts")} value={one.restarts === null ? "–" : formatNumber(one.restarts)} />
      <StatCard
        label={t("workers.col.wakes")}
        value={formatNumber(one.wakes)}
        note={one.idle_wakes > 0 ? tn("workers.idle", one.idle_wakes) : undefined}
      />
    </Grid>
  );
}

function facts(one: Detail): [string, React.ReactNode][] {
  const several =
    one.processes.length > 1 ? one.processes.map((each) => `${each.name} ${each.pid ?? ""}`).join(", ") : null;
  return [
    [t("workers.pid"), one.pid],
    ...(several ? [[t("workers.processes"), several] as [string, string]] : []),
    [t("workers.hosting"), one.hosting],
    [t("workers.col.up"), one.uptime_seconds === null ? null : duration(one.uptime_seconds)],
    [t("workers.col.rss"), one.rss === null ? null : formatBytes(one.rss)],
    [t("workers.col.modules"), one.modules],
    ...(one.woken_by ? [[t("workers.woken_by"), wakerWords(one.woken_by)] as [string, string]] : []),
    [t("workers.recycled"), formatNumber(one.recycled)],
    [t("workers.refused"), formatNumber(one.refused)],
    ...(one.next_look
      ? [[t("workers.next"), <Moment key="look" value={one.next_look} />] as [string, React.ReactNode]]
      : []),
    ...one.holdings.map(
      (each) =>
        [
          t("workers.holdings"),
          t("workers.holding", { holder: each.holder ?? "–", n: each.shards, left: duration(each.seconds_left) }),
        ] as [string, string],
    ),
  ];
}

function DeadLetters({ one }: { one: Detail }) {
  return (
    <Card title={t("workers.col.dead")}>
      <p className="muted">
        <Words text={t("workers.dead.hint", { name: one.worker })} />
      </p>
      <ul className={styles.letters}>
        {one.newest_dead_letters.map((each) => (
          <li key={each.seq}>
            <span>
              {t("workers.dead.event")} {String(each.seq)}
            </span>
            <Moment value={each.created_at} />
            <code>{each.error}</code>
          </li>
        ))}
      </ul>
    </Card>
  );
}
