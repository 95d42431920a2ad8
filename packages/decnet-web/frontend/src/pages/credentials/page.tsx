// SPDX-License-Identifier: MIT
/** Credentials: all, those tried most in a time, and those that several actors share. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useGet, usePages, type Data, type Item } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useQueryState, useTimeRange } from "@/app/search";
import { FilterBar, type Filter } from "@/components/controls/filter-bar";
import { Tabs } from "@/components/controls/tabs";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { Pivot } from "@/components/pivot/pivot";
import { Badge } from "@/components/show/badge";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { Secret } from "./secret";

type Row = Item<"/api/v1/credentials">;
type Tried = Data<"/api/v1/credentials/top">["items"][number];
type Reused = Data<"/api/v1/credentials/reused">["items"][number];

const FILTERS: readonly Filter[] = [
  { kind: "text", name: "q", label: t("credentials.filter.q") },
  {
    kind: "choice",
    name: "accepted",
    label: t("credentials.filter.accepted"),
    options: [
      ["true", t("credentials.filter.accepted.yes")],
      ["false", t("credentials.filter.accepted.no")],
    ],
  },
  {
    kind: "choice",
    name: "min_attackers",
    label: t("credentials.filter.attackers"),
    options: ["2", "5", "20"].map((n) => [n, t("credentials.filter.attackers.n", { n })] as const),
  },
];

export function accepted(times: number): ReactElement | string {
  return times ? <Badge tone="bad">{formatNumber(times)}</Badge> : <span className="muted">0</span>;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "user",
    header: t("credentials.column.user"),
    width: "minmax(9rem, 1fr)",
    cell: (row) => <code>{row.username ?? ""}</code>,
  },
  {
    id: "secret",
    header: t("credentials.column.secret"),
    width: "minmax(14rem, 2fr)",
    cell: (row) => <Secret of={row} />,
  },
  {
    id: "uses",
    header: t("credentials.column.uses"),
    width: "6rem",
    sort: "uses",
    align: "end",
    cell: (row) => formatNumber(row.uses),
  },
  {
    id: "accepted",
    header: t("credentials.column.accepted"),
    width: "6rem",
    align: "end",
    cell: (row) => accepted(row.accepted),
  },
  {
    id: "attackers",
    header: t("credentials.column.attackers"),
    width: "7rem",
    align: "end",
    cell: (row) => formatNumber(row.attackers),
  },
  {
    id: "first",
    header: t("credentials.column.first"),
    width: "9rem",
    cell: (row) => <Moment value={row.first_seen} show="ago" />,
  },
  {
    id: "last",
    header: t("credentials.column.last"),
    width: "9rem",
    sort: "last_seen",
    cell: (row) => <Moment value={row.last_seen} show="ago" />,
  },
];

const TOP: readonly Column<Tried>[] = [
  {
    id: "user",
    header: t("credentials.column.user"),
    width: "minmax(9rem, 1fr)",
    cell: (row) => <code>{row.username}</code>,
  },
  {
    id: "secret",
    header: t("credentials.column.secret"),
    width: "minmax(14rem, 2fr)",
    cell: (row) => <Pivot value={row.secret ?? ""} what={t("pivot.password")} />,
  },
  {
    id: "tries",
    header: t("credentials.column.uses"),
    width: "6rem",
    align: "end",
    cell: (row) => formatNumber(row.tries),
  },
  {
    id: "accepted",
    header: t("credentials.column.accepted"),
    width: "6rem",
    align: "end",
    cell: (row) => accepted(row.accepted),
  },
  {
    id: "attackers",
    header: t("credentials.column.attackers"),
    width: "7rem",
    align: "end",
    cell: (row) => formatNumber(row.attackers),
  },
];

const REUSED: readonly Column<Reused>[] = [
  {
    id: "value",
    header: t("credentials.column.value"),
    width: "minmax(16rem, 3fr)",
    wrap: true,
    cell: (row) => <Pivot value={row.value} what={t("pivot.password")} />,
  },
  {
    id: "attackers",
    header: t("credentials.column.attackers"),
    width: "7rem",
    align: "end",
    cell: (row) => formatNumber(row.subjects),
  },
  {
    id: "identities",
    header: t("credentials.column.identities"),
    width: "7rem",
    align: "end",
    cell: (row) => formatNumber(row.groups),
  },
];

const EMPTY = (
  <EmptyState icon="credentials" title={t("credentials.empty.title")}>
    <p>{t("credentials.empty.body")}</p>
  </EmptyState>
);

export default function Credentials(): ReactElement {
  return (
    <Page title={t("credentials.title")} about={t("credentials.about")}>
      <Tabs
        label={t("credentials.tabs")}
        tabs={[
          { id: "all", title: t("credentials.tab.all"), content: () => <All /> },
          { id: "top", title: t("credentials.tab.top"), content: () => <Top /> },
          { id: "reused", title: t("credentials.tab.reused"), content: () => <ReusedAmongActors /> },
        ]}
      />
    </Page>
  );
}

function All(): ReactElement {
  const navigate = useNavigate();
  const [search] = useQueryState();
  const query = Object.fromEntries(
    ["q", "accepted", "min_attackers", "sort", "direction"].map((name) => [name, search[name]]),
  );
  const pages = usePages("/api/v1/credentials", { params: { query: query as never } });
  return (
    <>
      <FilterBar filters={FILTERS} />
      <DataTable
        name="credentials"
        order="uses"
        label={t("credentials.title")}
        columns={COLUMNS}
        rows={pages.items}
        rowKey={(row) => row.digest}
        onOpen={(row) =>
          void navigate({
            to: "/credentials/$digest" as never,
            params: { digest: row.digest } as never,
            search: {} as never,
          })
        }
        loading={pages.loading}
        problem={pages.problem}
        onRetry={pages.again}
        hasMore={pages.hasMore}
        onMore={pages.more}
        exports={{ path: "/api/v1/credentials", query }}
        empty={EMPTY}
      />
    </>
  );
}

function Top(): ReactElement {
  const range = useTimeRange("7d");
  const query = useGet("/api/v1/credentials/top", { params: { query: { ...range, limit: 200 } } }, { keep: true });
  return (
    <DataTable
      name="credentials-top"
      label={t("credentials.tab.top")}
      columns={TOP}
      rows={query.data?.items ?? []}
      rowKey={(row) => JSON.stringify([row.username, row.secret])}
      loading={query.isPending}
      problem={query.error}
      onRetry={() => void query.refetch()}
      tools={<TimeRange otherwise="7d" />}
      empty={EMPTY}
    />
  );
}

function ReusedAmongActors(): ReactElement {
  const query = useGet("/api/v1/credentials/reused", { params: { query: { limit: 200 } } });
  return (
    <>
      <p className="muted">{t("credentials.reused.about")}</p>
      <DataTable
        name="credentials-reused"
        label={t("credentials.tab.reused")}
        columns={REUSED}
        rows={query.data?.items ?? []}
        rowKey={(row) => row.value}
        loading={query.isPending}
        problem={query.error}
        onRetry={() => void query.refetch()}
        empty={EMPTY}
      />
    </>
  );
}
