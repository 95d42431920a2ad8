// SPDX-License-Identifier: MIT
/** Files that attackers left or fetched. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePages, type Item } from "@/api/queries";
import { formatBytes, t } from "@/app/i18n";
import { useDirection, useTimeRange } from "@/app/search";
import { TimeRange } from "@/components/controls/time-range";
import { CopyButton } from "@/components/controls/copy";
import { EmptyState } from "@/components/feedback/empty-state";
import { shortDigest } from "@/components/pivot/pivot";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Row = Item<"/api/v1/files">;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "seen",
    header: t("files.column.seen"),
    sort: "last_seen",
    width: "minmax(13rem, 1fr)",
    cell: (row) => <Moment value={row.last_seen} />,
  },
  {
    id: "name",
    header: t("files.column.name"),
    width: "minmax(14rem, 3fr)",
    cell: (row) => <code>{row.sighting?.name ?? row.sighting?.url ?? "–"}</code>,
  },
  {
    id: "size",
    header: t("files.column.size"),
    width: "6rem",
    align: "end",
    cell: (row) => (row.size === null ? "–" : formatBytes(row.size)),
  },
  {
    id: "attacker",
    header: t("files.column.attacker"),
    width: "minmax(10rem, 1fr)",
    cell: (row) => (row.sighting?.attacker ? <Address value={row.sighting.attacker} /> : "–"),
  },
  {
    id: "decky",
    header: t("files.column.decky"),
    width: "minmax(6rem, 0.7fr)",
    cell: (row) => row.sighting?.decky ?? "–",
  },
  {
    id: "kept",
    header: t("files.column.kept"),
    width: "7rem",
    cell: (row) => (row.kept ? <Badge tone="good">{t("files.kept")}</Badge> : <Badge>{t("files.not.kept")}</Badge>),
  },
  {
    id: "sha256",
    header: t("files.column.sha256"),
    width: "11rem",
    cell: (row) => (
      <span title={row.sha256}>
        <code>{shortDigest(row.sha256)}</code> <CopyButton text={row.sha256} what={t("pivot.digest")} />
      </span>
    ),
  },
];

export default function Files(): ReactElement {
  const navigate = useNavigate();
  const query = { ...useTimeRange("all"), ...useDirection() };
  const pages = usePages("/api/v1/files", { params: { query } });
  return (
    <Page title={t("files.title")} about={t("files.about")} actions={<TimeRange otherwise="all" />}>
      <DataTable
        name="files"
        order="last_seen"
        label={t("files.title")}
        columns={COLUMNS}
        rows={pages.items}
        rowKey={(row) => row.sha256}
        onOpen={(row) =>
          void navigate({ to: "/files/$sha256" as never, params: { sha256: row.sha256 } as never, search: {} as never })
        }
        loading={pages.loading}
        problem={pages.problem}
        onRetry={pages.again}
        hasMore={pages.hasMore}
        onMore={pages.more}
        exports={{ path: "/api/v1/files", query }}
        empty={
          <EmptyState icon="files" title={t("files.empty.title")}>
            <p>{t("files.empty.body")}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}
