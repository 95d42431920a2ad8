// SPDX-License-Identifier: MIT
/** All interactive sessions. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePages, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryState, useTimeRange } from "@/app/search";
import { FilterBar, type Filter } from "@/components/controls/filter-bar";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { duration } from "@/components/show/times";
import { DataTable, type Column } from "@/components/table/data-table";

type Row = Item<"/api/v1/sessions">;

const FILTERS: readonly Filter[] = [
  { kind: "text", name: "attacker", label: t("sessions.filter.attacker") },
  { kind: "text", name: "decky", label: t("sessions.filter.decky") },
  { kind: "text", name: "user", label: t("sessions.filter.user") },
  {
    kind: "choice",
    name: "recorded",
    label: t("sessions.filter.recorded"),
    options: [
      ["true", t("sessions.filter.recorded.yes")],
      ["false", t("sessions.filter.recorded.no")],
    ],
  },
];

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "opened",
    header: t("sessions.column.opened"),
    width: "minmax(14rem, 1.2fr)",
    cell: (row) => <Moment value={row.opened_at ?? row.first_seen} />,
  },
  {
    id: "attacker",
    header: t("sessions.column.attacker"),
    width: "minmax(10rem, 1fr)",
    cell: (row) => <Address value={row.attacker} />,
  },
  { id: "service", header: t("sessions.column.service"), width: "5rem", cell: (row) => row.service ?? "–" },
  { id: "decky", header: t("sessions.column.decky"), width: "minmax(6rem, 0.8fr)", cell: (row) => row.decky ?? "–" },
  { id: "user", header: t("sessions.column.user"), width: "minmax(6rem, 0.8fr)", cell: (row) => row.username ?? "–" },
  { id: "length", header: t("sessions.column.length"), width: "6rem", align: "end", cell: lengthOf },
  { id: "commands", header: t("sessions.column.commands"), width: "6rem", align: "end", cell: (row) => row.commands },
  {
    id: "recording",
    header: t("sessions.column.recording"),
    width: "7rem",
    cell: (row) => (row.recording ? <Badge tone="accent">{t("sessions.recorded")}</Badge> : "–"),
  },
  {
    id: "session",
    header: t("sessions.column.session"),
    width: "11rem",
    optional: true,
    cell: (row) => <code>{row.session}</code>,
  },
  {
    id: "seen",
    header: t("sessions.column.seen"),
    width: "14rem",
    sort: "last_seen",
    optional: true,
    cell: (row) => <Moment value={row.last_seen} />,
  },
];

export function lengthOf(row: Row): string {
  if (row.duration_ms !== null) return duration(row.duration_ms / 1000);
  return row.closed_at === null ? t("sessions.open") : "–";
}

export default function Sessions(): ReactElement {
  const navigate = useNavigate();
  const [search] = useQueryState();
  const query = {
    ...useTimeRange("all"),
    attacker: search["attacker"],
    decky: search["decky"],
    user: search["user"],
    recorded: search["recorded"],
    direction: search["direction"],
  };
  const pages = usePages("/api/v1/sessions", { params: { query: query as never } });
  return (
    <Page title={t("sessions.title")} about={t("sessions.about")} actions={<TimeRange otherwise="all" />}>
      <FilterBar filters={FILTERS} />
      <DataTable
        name="sessions"
        order="last_seen"
        label={t("sessions.title")}
        columns={COLUMNS}
        rows={pages.items}
        rowKey={(row) => `${row.attacker} ${row.session}`}
        onOpen={(row) =>
          void navigate({ to: "/sessions/$session" as never, params: { session: row.session } as never })
        }
        loading={pages.loading}
        problem={pages.problem}
        onRetry={pages.again}
        hasMore={pages.hasMore}
        onMore={pages.more}
        exports={{ path: "/api/v1/sessions", query }}
        empty={
          <EmptyState icon="sessions" title={t("sessions.empty.title")}>
            <p>{t("sessions.empty.body")}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}
