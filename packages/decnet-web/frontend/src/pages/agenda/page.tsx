// SPDX-License-Identifier: MIT
/** What synthetic users of the deckies did and will do. */
import { useGet, type Data } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { EmptyState } from "@/components/feedback/empty-state";
import { Badge } from "@/components/show/badge";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { FilterBar } from "@/components/controls/filter-bar";
import { ordered, TONES } from "./agenda";

type Agenda = Data<"/api/v1/orchestrator/agenda">;
type Action = Agenda["items"][number];

const EVERY_MS = 30_000;

export default function AgendaPage() {
  const [decky] = useQueryValue("decky");
  const query = { ...(decky ? { decky } : {}), limit: 1000 };
  const { data, error, isPending, refetch } = useGet(
    "/api/v1/orchestrator/agenda",
    { params: { query } },
    { every: EVERY_MS },
  );
  return (
    <Page
      title={t("agenda.title")}
      about={t("agenda.lead")}
      actions={data && !data.enabled && <Badge tone="warn">{t("agenda.off")}</Badge>}
    >
      {data && !data.enabled && <p>{t("agenda.off.detail")}</p>}
      <FilterBar filters={[{ kind: "text", name: "decky", label: t("agenda.col.decky") }]} />
      <DataTable
        name="agenda"
        label={t("agenda.title")}
        columns={COLUMNS}
        rows={ordered(data?.items ?? [])}
        rowKey={(one) => `${one.due_at} ${one.decky} ${one.peer ?? ""} ${one.kind}`}
        loading={isPending}
        problem={error}
        onRetry={() => void refetch()}
        empty={
          <EmptyState icon="deckies" title={t("agenda.none.title")}>
            <p>{t((data?.hosts ?? 0) < 2 ? "agenda.none.hosts" : "agenda.none.hours")}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}

const COLUMNS: readonly Column<Action>[] = [
  {
    id: "due_at",
    header: t("agenda.col.due"),
    width: "14rem",
    cell: (one) => <Moment value={one.due_at} show="both" />,
  },
  { id: "decky", header: t("agenda.col.decky"), width: "minmax(8rem, 1fr)", cell: (one) => one.decky },
  { id: "peer", header: t("agenda.col.peer"), width: "minmax(8rem, 1fr)", cell: (one) => one.peer ?? "–" },
  {
    id: "kind",
    header: t("agenda.col.what"),
    width: "minmax(8rem, 1fr)",
    cell: (one) => (one.protocol ? `${tv("agenda.kind", one.kind)} (${one.protocol})` : tv("agenda.kind", one.kind)),
  },
  {
    id: "state",
    header: t("agenda.col.state"),
    width: "minmax(9rem, 2fr)",
    wrap: true,
    cell: (one) => (
      <Badge tone={TONES[one.state] ?? "neutral"}>
        {one.error ? `${tv("agenda.state", one.state)}: ${one.error}` : tv("agenda.state", one.state)}
      </Badge>
    ),
  },
];
