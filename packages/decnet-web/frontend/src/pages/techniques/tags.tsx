// SPDX-License-Identifier: MIT
/** Where techniques were recognised. */

import type { ReactElement } from "react";
import type { Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { Address } from "@/components/show/address";
import { Moment } from "@/components/show/moment";
import { Severity } from "@/components/show/severity";
import { DataTable, type Column } from "@/components/table/data-table";

export type Tag = Item<"/api/v1/techniques/{technique}">;

const COLUMNS: readonly Column<Tag>[] = [
  {
    id: "time",
    header: t("techniques.column.time"),
    width: "10.5rem",
    cell: (row) => <Moment value={row.ts} show="absolute" />,
  },
  {
    id: "technique",
    header: t("techniques.column.technique"),
    width: "5.5rem",
    cell: (row) => <code>{row.technique}</code>,
  },
  {
    id: "rule",
    header: t("techniques.column.rule"),
    width: "minmax(11rem, 2fr)",
    wrap: true,
    cell: (row) => row.title,
  },
  { id: "level", header: t("techniques.column.level"), width: "6rem", cell: (row) => <Severity value={row.level} /> },
  {
    id: "attacker",
    header: t("techniques.column.attacker"),
    width: "minmax(9rem, 1fr)",
    cell: (row) => <Address value={row.attacker} />,
  },
  { id: "decky", header: t("techniques.column.decky"), width: "minmax(5rem, 0.7fr)", cell: (row) => row.decky ?? "–" },
  {
    id: "event",
    header: t("techniques.column.event"),
    width: "6.5rem",
    cell: (row) => (
      <Go to="/events" search={{ event: row.event_id, since: "all", q: `src:${row.attacker}` }}>
        {t("techniques.event")}
      </Go>
    ),
  },
];

interface Props {
  tags: readonly Tag[];
  empty: string;
  loading?: boolean;
  hasMore?: boolean;
  onMore?: () => void;
  /** The list is of one technique, which is named above it. */
  ofOne?: boolean;
}

const OF_ONE = COLUMNS.filter((column) => column.id !== "technique");

export function TagList({ tags, empty, ofOne = false, ...paging }: Props): ReactElement {
  return (
    <DataTable
      name="technique-tags"
      label={t("techniques.column.tags")}
      columns={ofOne ? OF_ONE : COLUMNS}
      rows={tags}
      rowKey={(row) => row.id}
      empty={<p className="muted">{empty}</p>}
      {...paging}
    />
  );
}
