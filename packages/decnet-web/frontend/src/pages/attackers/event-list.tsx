// SPDX-License-Identifier: MIT
/** Events of an attacker or a session, newest first. */

import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePages, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { buttonClass } from "@/components/controls/button";
import { Go } from "@/components/pivot/go";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Row = Item<"/api/v1/events">;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "ts",
    header: t("attacker.events.time"),
    width: "11.5rem",
    cell: (row) => <Moment value={row.ts} show="absolute" fraction />,
  },
  { id: "kind", header: t("attacker.events.kind"), width: "10rem", cell: (row) => <Badge bare>{row.kind}</Badge> },
  { id: "decky", header: t("attacker.events.decky"), width: "8rem", cell: (row) => row.decky ?? "–" },
  {
    id: "what",
    header: t("attacker.events.what"),
    width: "minmax(18rem, 4fr)",
    wrap: true,
    cell: (row) => row.summary,
  },
];

interface Props {
  query: Readonly<Record<string, string | undefined>>;
  /** The same as parameters of the page of events. */
  all: Readonly<Record<string, string>>;
}

export function EventList({ query, all }: Props): ReactElement {
  const navigate = useNavigate();
  const open = (event: string) => void navigate({ to: "/events" as never, search: { ...all, event } as never });
  const pages = usePages("/api/v1/events", { params: { query: query as never } });
  return (
    <DataTable
      name="events-of"
      label={t("attacker.events")}
      columns={COLUMNS}
      rows={pages.items}
      rowKey={(row) => String(row.seq)}
      onOpen={(row) => open(row.id)}
      loading={pages.loading}
      problem={pages.problem}
      onRetry={pages.again}
      hasMore={pages.hasMore}
      onMore={pages.more}
      exports={{ path: "/api/v1/events", query }}
      tools={
        <Go to="/events" search={all} className={buttonClass({ kind: "plain", small: true })}>
          {t("attacker.events.all")}
        </Go>
      }
      empty={<p className="muted">{t("attacker.timeline.none")}</p>}
      height="60vh"
    />
  );
}
