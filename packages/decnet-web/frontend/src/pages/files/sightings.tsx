// SPDX-License-Identifier: MIT
/** Where files were seen, with a link to what is known of each. */

import type { ReactElement } from "react";
import type { Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { shortDigest } from "@/components/pivot/pivot";
import { Address } from "@/components/show/address";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Sighting = Data<"/api/v1/files/{sha256}">["sightings"][number];

const COLUMNS: readonly Column<Sighting>[] = [
  {
    id: "time",
    header: t("files.column.time"),
    width: "11.5rem",
    cell: (row) => <Moment value={row.ts} show="absolute" />,
  },
  {
    id: "name",
    header: t("files.column.name"),
    width: "minmax(14rem, 3fr)",
    wrap: true,
    cell: (row) => <code>{row.name ?? row.url ?? "–"}</code>,
  },
  {
    id: "sha256",
    header: t("files.column.sha256"),
    width: "9rem",
    cell: (row) => (
      <Go to="/files/$sha256" params={{ sha256: row.sha256 }}>
        <code>{shortDigest(row.sha256)}</code>
      </Go>
    ),
  },
  {
    id: "attacker",
    header: t("files.column.attacker"),
    width: "minmax(9rem, 1fr)",
    cell: (row) => (row.attacker ? <Address value={row.attacker} /> : "–"),
  },
  {
    id: "decky",
    header: t("files.column.decky"),
    width: "minmax(7rem, 0.8fr)",
    cell: (row) => [row.decky, row.service].filter(Boolean).join(" · "),
  },
  {
    id: "session",
    header: t("files.column.session"),
    width: "12rem",
    cell: (row) =>
      row.session ? (
        <Go to="/sessions/$session" params={{ session: row.session }}>
          <code>{row.session.slice(0, 20)}</code>
        </Go>
      ) : (
        "–"
      ),
  },
];

export function SightingList({ sightings }: { sightings: readonly Sighting[] }): ReactElement {
  return (
    <DataTable
      name="sightings"
      label={t("file.sightings")}
      columns={COLUMNS}
      rows={sightings}
      rowKey={(row) => row.event_id}
      empty={<p className="muted">{t("files.sightings.none")}</p>}
    />
  );
}
