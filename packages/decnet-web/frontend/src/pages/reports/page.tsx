// SPDX-License-Identifier: MIT
/** A report of a span of time: to read here, to print, to download, and exports for other systems. */

import { useMemo, type ReactElement } from "react";
import { asProblem } from "@/api/problem";
import { download, useGet, useSend, type Data } from "@/api/queries";
import { formatNumber, t, tn } from "@/app/i18n";
import { stringifySearch, useTimeRange } from "@/app/search";
import { usePreferences } from "@/app/preferences";
import { useAllowed } from "@/app/session";
import { TimeBars } from "@/components/charts/bars";
import { Button } from "@/components/controls/button";
import { TimeRange } from "@/components/controls/time-range";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Card, Grid, Page, StatCard } from "@/components/show/layout";
import { absolute } from "@/components/show/times";
import { suited } from "../attackers/buckets";
import { ExportButtons } from "./export-buttons";
import { TopTable } from "./top-table";
import styles from "./reports.module.css";

type Summary = Data<"/api/v1/summary">;

const HOUR_SECONDS = 3600;
const FORMATS = [
  ["html", "reports.html"],
  ["md", "reports.markdown"],
  ["json", "reports.json"],
] as const;

export default function Reports(): ReactElement {
  const range = useTimeRange("24h");
  const query = useGet("/api/v1/summary", { params: { query: { ...range, limit: 15 } } }, { keep: true });
  return (
    <Page
      title={t("reports.title")}
      about={t("reports.about")}
      actions={
        <>
          <TimeRange otherwise="24h" />
          <Button onClick={() => print()}>{t("reports.print")}</Button>
          {FORMATS.map(([format, words]) => (
            <Button key={format} icon="download" onClick={() => void save(format, range)}>
              {t(words)}
            </Button>
          ))}
          <ExportButtons query={range} name="findings" />
          <SendButton range={range} />
        </>
      }
    >
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={420} />}
      {query.data && <Report summary={query.data} />}
    </Page>
  );
}

/** Sends the report to the webhooks that receive reports; the answer says how many there are, or how to add one. */
function SendButton({ range }: { range: Record<string, string> }): ReactElement | null {
  const send = useSend("post", "/api/v1/reports/sent", ["/api/v1/webhooks"]);
  if (!useAllowed("analyst")) return null;
  return (
    <Button
      icon="webhooks"
      disabled={send.isPending}
      onClick={() =>
        send.mutate(
          { params: { query: range } },
          {
            onSuccess: ({ receivers }) => toast(tn("reports.sent", receivers.length), "good"),
            onError: (problem) => toast(problem.message, "bad"),
          },
        )
      }
    >
      {t("reports.send")}
    </Button>
  );
}

async function save(format: string, range: Record<string, string>): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  try {
    await download(`/api/v1/reports${stringifySearch({ ...range, format })}`, "*/*", `decnet-report-${day}.${format}`);
  } catch (error) {
    toast(asProblem(error).message, "bad");
  }
}

function Report({ summary }: { summary: Summary }): ReactElement {
  const { zone } = usePreferences();
  const bars = useMemo(() => suited(summary.hours, HOUR_SECONDS), [summary.hours]);
  const span = [summary.since, summary.until].map((one) => (one === null ? null : absolute(one, zone)));
  return (
    <div className={styles.report}>
      <p className={styles.span}>
        {span[0] ?? t("reports.beginning")} – {span[1] ?? t("time.now")}
      </p>
      <Grid least="10rem">
        <StatCard label={t("reports.events")} value={formatNumber(summary.events)} />
        <StatCard
          label={t("reports.attackers")}
          value={formatNumber(summary.attackers)}
          note={t("reports.new", { n: summary.new_attackers })}
        />
        <StatCard label={t("reports.accepted")} value={formatNumber(summary.accepted_logins)} />
        <StatCard label={t("reports.techniques")} value={formatNumber(summary.technique_count)} />
      </Grid>
      {bars.times.length > 1 && (
        <Card title={t("reports.hours")}>
          <TimeBars label={t("reports.hours")} {...bars} height={150} />
        </Card>
      )}
      <Tables summary={summary} />
    </div>
  );
}

function Tables({ summary }: { summary: Summary }): ReactElement {
  const sent = (list: Summary["commands"]): (readonly [string, number, number])[] =>
    list.map((one) => [one.value, one.times, one.attackers]);
  const counts = (of: Readonly<Record<string, number>>): (readonly [string, number])[] => Object.entries(of);
  const [value, times, attackers] = [
    t("reports.column.value"),
    t("reports.column.times"),
    t("reports.column.attackers"),
  ];
  return (
    <div className={styles.tables}>
      <TopTable
        title={t("reports.top.attackers")}
        heads={[t("attackers.column.ip"), t("attackers.column.score"), t("reports.events")]}
        rows={summary.highest_scores.map((one) => [one.ip, one.score, one.events])}
        to={(row) => ({ to: "/attackers/$ip", params: { ip: row } })}
      />
      <TopTable
        title={t("reports.top.techniques")}
        heads={[t("techniques.column.technique"), times, attackers]}
        rows={summary.techniques.map((one) => [`${one.technique} ${one.name ?? ""}`, one.tags, one.attackers])}
        to={(row) => ({ to: "/techniques", search: { technique: row.split(" ")[0] ?? row } })}
      />
      <TopTable
        title={t("reports.top.credentials")}
        heads={[
          t("credentials.column.value"),
          t("credentials.column.uses"),
          t("credentials.column.accepted"),
          attackers,
        ]}
        rows={summary.credentials.map((one) => [
          `${one.username} / ${one.secret ?? ""}`,
          one.tries,
          one.accepted,
          one.attackers,
        ])}
      />
      <TopTable title={t("reports.top.commands")} heads={[value, times, attackers]} rows={sent(summary.commands)} />
      <TopTable title={t("reports.top.requests")} heads={[value, times, attackers]} rows={sent(summary.requests)} />
      <TopTable
        title={t("reports.top.canaries")}
        heads={[value, times, attackers]}
        rows={sent(summary.canary_tokens)}
      />
      <TopTable title={t("reports.top.deckies")} heads={[value, t("reports.events")]} rows={counts(summary.deckies)} />
      <TopTable title={t("reports.top.kinds")} heads={[value, t("reports.events")]} rows={counts(summary.kinds)} />
    </div>
  );
}
