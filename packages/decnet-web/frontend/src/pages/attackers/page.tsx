// SPDX-License-Identifier: MIT
/** All attackers: by score or time, narrowed by what they did or share. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePages, type Item } from "@/api/queries";
import { formatNumber, t, tv } from "@/app/i18n";
import { useQueryState, useTimeRange } from "@/app/search";
import { FilterBar, type Filter } from "@/components/controls/filter-bar";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { PivotChips } from "@/components/pivot/chips";
import { Address } from "@/components/show/address";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Score } from "@/components/show/score";
import { Words } from "@/components/show/words";
import { DataTable, type Column } from "@/components/table/data-table";
import { Origin, Verdict } from "./words";

type Row = Item<"/api/v1/attackers">;

const FILTERS: readonly Filter[] = [
  { kind: "text", name: "q", label: t("attackers.filter.q") },
  {
    kind: "choice",
    name: "min_score",
    label: t("attackers.filter.score"),
    options: ["20", "40", "60", "80"].map((n) => [n, t("attackers.filter.score.n", { n })] as const),
  },
  {
    kind: "choice",
    name: "verdict",
    label: t("attackers.filter.verdict"),
    options: ["malicious", "suspicious", "benign", "unknown"].map(
      (one) => [one, tv("attackers.verdict", one)] as const,
    ),
  },
  { kind: "text", name: "decky", label: t("attackers.filter.decky") },
  { kind: "text", name: "service", label: t("attackers.filter.service") },
];

const PIVOTS = {
  fingerprint: t("attackers.pivot.fingerprint"),
  credential: t("attackers.pivot.credential"),
  file: t("attackers.pivot.file"),
  technique: t("attackers.pivot.technique"),
  tool: t("attackers.pivot.tool"),
  identity: t("attackers.pivot.identity"),
  campaign: t("attackers.pivot.campaign"),
} as const;

const NAMES = [...FILTERS.map((one) => one.name), ...Object.keys(PIVOTS), "fingerprint_type", "sort", "direction"];

function count(value: number): ReactElement | string {
  return value ? formatNumber(value) : <span className="muted">0</span>;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "ip",
    header: t("attackers.column.ip"),
    width: "minmax(10rem, 1.2fr)",
    cell: (row) => <Address value={row.ip} copy />,
  },
  {
    id: "score",
    header: t("attackers.column.score"),
    width: "6.5rem",
    sort: "score",
    cell: (row) => <Score value={row.score} />,
  },
  {
    id: "last",
    header: t("attackers.column.last"),
    width: "6.5rem",
    sort: "last_seen",
    cell: (row) => <Moment value={row.last_seen} show="ago" />,
  },
  {
    id: "events",
    header: t("attackers.column.events"),
    width: "4.5rem",
    sort: "events",
    align: "end",
    cell: (row) => count(row.events),
  },
  { id: "logins", header: t("attackers.column.logins"), width: "6.5rem", align: "end", cell: logins },
  {
    id: "sessions",
    header: t("attackers.column.sessions"),
    width: "5rem",
    align: "end",
    cell: (row) => count(row.sessions),
  },
  {
    id: "commands",
    header: t("attackers.column.commands"),
    width: "6rem",
    align: "end",
    cell: (row) => count(row.commands),
  },
  {
    id: "requests",
    header: t("attackers.column.requests"),
    width: "5.5rem",
    align: "end",
    optional: true,
    cell: (row) => count(row.requests),
  },
  { id: "files", header: t("attackers.column.files"), width: "3.5rem", align: "end", cell: (row) => count(row.files) },
  {
    id: "scans",
    header: t("attackers.column.scans"),
    width: "4.5rem",
    align: "end",
    optional: true,
    cell: (row) => count(row.scans),
  },
  {
    id: "canaries",
    header: t("attackers.column.canaries"),
    width: "6rem",
    align: "end",
    cell: (row) => count(row.canary_hits),
  },
  {
    id: "verdict",
    header: t("attackers.column.verdict"),
    width: "6rem",
    cell: (row) => <Verdict value={row.verdict} />,
  },
  {
    id: "origin",
    header: t("attackers.column.origin"),
    width: "minmax(5rem, 1fr)",
    cell: (row) => <Origin of={row} />,
  },
  {
    id: "first",
    header: t("attackers.column.first"),
    width: "8rem",
    sort: "first_seen",
    optional: true,
    cell: (row) => <Moment value={row.first_seen} show="ago" />,
  },
];

function logins(row: Row): ReactElement | string {
  if (!row.logins) return count(0);
  return row.logins_accepted
    ? t("attackers.column.logins.of", { accepted: row.logins_accepted, all: row.logins })
    : formatNumber(row.logins);
}

export default function Attackers(): ReactElement {
  const navigate = useNavigate();
  const [search] = useQueryState();
  const range = useTimeRange("all");
  const query = { ...range, ...Object.fromEntries(NAMES.map((name) => [name, search[name]])) };
  const pages = usePages("/api/v1/attackers", { params: { query: query as never } });
  const narrowed =
    NAMES.some((name) => name !== "sort" && name !== "direction" && search[name]) || range.since !== undefined;
  return (
    <Page title={t("attackers.title")} about={t("attackers.about")} actions={<TimeRange otherwise="all" />}>
      <FilterBar filters={FILTERS} />
      <PivotChips names={PIVOTS} together={{ fingerprint: ["fingerprint_type"] }} />
      <DataTable
        name="attackers"
        order="score"
        label={t("attackers.title")}
        columns={COLUMNS}
        rows={pages.items}
        rowKey={(row) => row.ip}
        onOpen={(row) =>
          void navigate({ to: "/attackers/$ip" as never, params: { ip: row.ip } as never, search: {} as never })
        }
        loading={pages.loading}
        problem={pages.problem}
        onRetry={pages.again}
        hasMore={pages.hasMore}
        onMore={pages.more}
        exports={{ path: "/api/v1/attackers", query }}
        empty={
          <EmptyState icon="attackers" title={t("attackers.empty.title")}>
            <p>
              <Words text={t(narrowed ? "attackers.empty.filtered" : "attackers.empty.none")} />
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}
