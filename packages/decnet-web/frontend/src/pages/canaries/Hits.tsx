// SPDX-License-Identifier: MIT
/** Uses of canaries, newest first; of one token, or of all. */
import { Link } from "@tanstack/react-router";
import { usePages, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { EmptyState } from "@/components/feedback/empty-state";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { Words } from "@/components/show/words";
import { DataTable, type Column } from "@/components/table/data-table";

type Hit = Item<"/api/v1/canaries/hits">;

const EVERY_MS = 5_000;

const COLUMNS: readonly Column<Hit>[] = [
  {
    id: "when",
    header: t("canaries.hits.when"),
    width: "15rem",
    sort: "seq",
    cell: (one) => <Moment value={one.ts} />,
  },
  {
    id: "who",
    header: t("canaries.hits.who"),
    width: "minmax(9rem, 1fr)",
    cell: (one) => <Address value={one.attacker} />,
  },
  { id: "how", header: t("canaries.hits.how"), width: "5rem", cell: (one) => one.channel },
  {
    id: "agent",
    header: t("canaries.hits.agent"),
    width: "minmax(12rem, 2fr)",
    wrap: true,
    cell: (one) => (
      <>
        {one.user_agent ?? one.target ?? "–"}{" "}
        {one.scanner && <Badge>{`${t("canaries.hits.scanner")}: ${one.scanner}`}</Badge>}
      </>
    ),
  },
  {
    id: "token",
    header: t("canaries.token"),
    width: "minmax(8rem, 1fr)",
    cell: (one) => (
      <Link to="/canaries/$token" params={{ token: one.token }} className="mono">
        {one.token}
      </Link>
    ),
  },
];

export function Hits({ token }: { token?: string }) {
  const query = { ...(token ? { token } : {}), ...useDirection() };
  const hits = usePages("/api/v1/canaries/hits", { params: { query } }, { every: EVERY_MS });
  return (
    <DataTable
      name={token ? "canary-hits" : "canaries-hits"}
      order="seq"
      label={t("canaries.hits")}
      columns={token ? COLUMNS.slice(0, -1) : COLUMNS}
      rows={hits.items}
      rowKey={(one) => String(one.seq)}
      loading={hits.loading}
      problem={hits.problem}
      onRetry={hits.again}
      hasMore={hits.hasMore}
      onMore={hits.more}
      exports={{ path: "/api/v1/canaries/hits", query }}
      empty={
        <EmptyState icon="canaries" title={t(token ? "canaries.hits.none" : "canaries.hits.none.any")}>
          {!token && (
            <p>
              <Words text={t("canaries.hits.none.do")} />
            </p>
          )}
        </EmptyState>
      }
    />
  );
}
