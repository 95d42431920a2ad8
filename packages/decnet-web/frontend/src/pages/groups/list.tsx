// SPDX-License-Identifier: MIT
/** All identities, or all campaigns. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePages } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { CopyButton } from "@/components/controls/copy";
import { FilterBar, type Filter } from "@/components/controls/filter-bar";
import { EmptyState } from "@/components/feedback/empty-state";
import { Go } from "@/components/pivot/go";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { duration, millis } from "@/components/show/times";
import { DataTable, type Column } from "@/components/table/data-table";
import { paths, type Group, type Kind } from "./kinds";

const FILTERS: readonly Filter[] = [
  {
    kind: "choice",
    name: "least",
    label: t("groups.least"),
    options: ["3", "5", "10", "50"].map((n) => [n, t("groups.least.n", { n })] as const),
  },
];

function columnsOf(kind: Kind): readonly Column<Group>[] {
  return [
    {
      id: "id",
      header: t("groups.column.id"),
      width: "minmax(11rem, 1fr)",
      cell: (row) => (
        <>
          <Go to={`/${kind.many}/$id`} params={{ id: row.id }} title={row.id}>
            <code>{row.id.slice(0, 8)}</code>
          </Go>{" "}
          <CopyButton text={row.id} what={t("groups.column.id")} />
        </>
      ),
    },
    {
      id: "members",
      header: t("groups.column.members"),
      width: "7rem",
      align: "end",
      cell: (row) => formatNumber(row.members),
    },
    {
      id: "first",
      header: t("groups.column.first"),
      width: "minmax(13rem, 1fr)",
      cell: (row) => <Moment value={row.first_seen} />,
    },
    {
      id: "last",
      header: t("groups.column.last"),
      width: "minmax(13rem, 1fr)",
      sort: "last_seen",
      cell: (row) => <Moment value={row.last_seen} />,
    },
    { id: "span", header: t("groups.column.span"), width: "8rem", align: "end", cell: span },
    {
      id: "created",
      header: t("groups.column.created"),
      width: "9rem",
      optional: true,
      cell: (row) => <Moment value={row.created_at} show="ago" />,
    },
  ];
}

function span(row: Group): string {
  const [first, last] = [millis(row.first_seen), millis(row.last_seen)];
  return first === null || last === null ? "–" : duration((last - first) / 1000);
}

export function GroupList({ kind }: { kind: Kind }): ReactElement {
  const navigate = useNavigate();
  const [search] = useQueryState();
  const query = { least: search["least"], direction: search["direction"] };
  const path = paths(kind).list;
  const pages = usePages(path, { params: { query: query as never } });
  return (
    <Page title={t(kind.title)} about={t(kind.about)}>
      <FilterBar filters={FILTERS} />
      <DataTable
        name={kind.many}
        order="last_seen"
        label={t(kind.title)}
        columns={columnsOf(kind)}
        rows={pages.items}
        rowKey={(row) => row.id}
        onOpen={(row) =>
          void navigate({ to: `/${kind.many}/$id` as never, params: { id: row.id } as never, search: {} as never })
        }
        loading={pages.loading}
        problem={pages.problem}
        onRetry={pages.again}
        hasMore={pages.hasMore}
        onMore={pages.more}
        exports={{ path, query }}
        empty={
          <EmptyState icon={kind.many} title={t("groups.empty.title")}>
            <p>{t(kind.empty)}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}
