// SPDX-License-Identifier: MIT
import { useGet, useSend, type Data } from "@/api/queries";
import { asProblem } from "@/api/problem";
import { formatBytes, formatCompact, formatNumber, t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Card, Facts, Grid, StatCard } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import styles from "./database.module.css";

type Database = Data<"/api/v1/database">;
type Volume = Database["kinds"][number];

const EVERY_MS = 5_000;

export function Volume() {
  const { data, error, refetch } = useGet("/api/v1/database", {}, { every: EVERY_MS });
  if (error) return <ErrorState problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={8} />;
  return (
    <div className={styles.stack}>
      <Grid>
        <StatCard label={t("database.size")} value={data.bytes === null ? "–" : formatBytes(data.bytes)} />
        <StatCard label={t("database.free")} value={data.free_bytes === null ? "–" : formatBytes(data.free_bytes)} />
        <StatCard label={t("database.events")} value={formatCompact(data.events)} />
        <StatCard label={t("database.oldest")} value={<Moment value={data.oldest_event_at} show="ago" />} />
      </Grid>
      <div className={styles.columns}>
        <Retention one={data} />
        <Health one={data} />
      </div>
      <DataTable
        name="volume"
        label={t("database.tables")}
        columns={COLUMNS}
        rows={data.kinds}
        rowKey={(one) => one.kind}
        empty={<p className="muted">{t("common.none")}</p>}
      />
    </div>
  );
}

const COLUMNS: readonly Column<Volume>[] = [
  { id: "kind", header: t("database.kind"), width: "minmax(12rem, 2fr)", cell: (one) => <code>{one.kind}</code> },
  { id: "events", header: t("database.events"), width: "7rem", align: "end", cell: (one) => formatNumber(one.events) },
  { id: "bytes", header: t("database.size"), width: "7rem", align: "end", cell: (one) => formatBytes(one.bytes) },
  {
    id: "forgotten",
    header: t("database.forgotten"),
    width: "8rem",
    align: "end",
    cell: (one) => formatNumber(one.forgotten),
  },
  { id: "days", header: t("database.kept"), width: "9rem", align: "end", cell: (one) => kept(one.days) },
];

const kept = (days: number) => (days > 0 ? t("database.days", { n: days }) : t("database.forever"));

function Retention({ one: { retention } }: { one: Database }) {
  return (
    <Card title={t("database.retention")}>
      <div className={styles.stack}>
        <p className="muted">{t("database.retention.lead")}</p>
        <Facts
          items={[
            [t("database.kept"), kept(retention.days)],
            [t("database.most"), retention.log_bytes > 0 ? formatBytes(retention.log_bytes) : t("database.unlimited")],
            [t("database.share"), `${formatNumber(100 * retention.disk_share)} %`],
          ]}
        />
      </div>
    </Card>
  );
}

function Health({ one }: { one: Database }) {
  const admin = useAllowed("admin");
  const begin = useSend("post", "/api/v1/database/check", ["/api/v1/database"]);
  const check = one.last_check;
  const act = () => begin.mutateAsync({}).catch((error: unknown) => toast(asProblem(error).message, "bad"));
  return (
    <Card
      title={t("database.health")}
      actions={
        admin && (
          <Button small disabled={begin.isPending || check?.state === "running"} onClick={() => void act()}>
            {t("database.check")}
          </Button>
        )
      }
    >
      <Facts
        items={[
          [t("database.url"), <code key="url">{one.url}</code>],
          [
            t("database.revision"),
            one.revision === one.newest_revision ? one.revision : `${one.revision ?? "–"} → ${one.newest_revision}`,
          ],
          [t("database.checked"), check ? <Moment key="at" value={check.ended_at ?? check.started_at} /> : null],
        ]}
      />
      {check && <Checked one={check} />}
    </Card>
  );
}

function Checked({ one }: { one: NonNullable<Database["last_check"]> }) {
  if (one.state === "running") return <Badge tone="accent">{one.progress || t("database.check.running")}</Badge>;
  if (one.error) return <Badge tone="bad">{one.error}</Badge>;
  if (one.words.length === 0) return <Badge tone="good">{t("database.check.good")}</Badge>;
  return (
    <ul className={styles.damages}>
      {one.words.map((each) => (
        <li key={each}>{each}</li>
      ))}
    </ul>
  );
}
