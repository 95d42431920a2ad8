// SPDX-License-Identifier: MIT
import { Link, useNavigate } from "@tanstack/react-router";
import { usePages, type Item } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { useAllowed } from "@/app/session";
import { buttonClass } from "@/components/controls/button";
import { EmptyState } from "@/components/feedback/empty-state";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Canary = Item<"/api/v1/canaries">;

const EVERY_MS = 10_000;

const COLUMNS: readonly Column<Canary>[] = [
  {
    id: "label",
    header: t("canaries.col.label"),
    width: "minmax(12rem, 2fr)",
    wrap: true,
    cell: (one) => (
      <>
        <strong>{one.label}</strong> {one.disabled && <Badge tone="warn">{t("canaries.disabled")}</Badge>}
      </>
    ),
  },
  { id: "kind", header: t("canaries.col.kind"), width: "8rem", cell: (one) => one.kind },
  {
    id: "hits",
    header: t("canaries.col.hits"),
    width: "5rem",
    align: "end",
    cell: (one) => <span className="num">{formatNumber(one.hits - one.scanners)}</span>,
  },
  {
    id: "attackers",
    header: t("canaries.col.attackers"),
    width: "6rem",
    align: "end",
    cell: (one) => formatNumber(one.attackers),
  },
  {
    id: "last",
    header: t("canaries.col.last"),
    width: "9rem",
    cell: (one) => <Moment value={one.last_seen} show="ago" />,
  },
  {
    id: "place",
    header: t("canaries.col.place"),
    width: "minmax(10rem, 2fr)",
    cell: (one) => <span className="mono">{one.place}</span>,
  },
  {
    id: "made",
    header: t("canaries.col.made"),
    width: "9rem",
    sort: "created_at",
    cell: (one) => <Moment value={one.created_at} show="ago" />,
  },
  {
    id: "scanners",
    header: t("canaries.col.scanners"),
    width: "7rem",
    align: "end",
    optional: true,
    cell: (one) => one.scanners,
  },
];

export function Planted() {
  const navigate = useNavigate();
  const allowed = useAllowed("analyst");
  const query = useDirection();
  const canaries = usePages("/api/v1/canaries", { params: { query } }, { every: EVERY_MS });
  return (
    <DataTable
      name="canaries"
      order="created_at"
      label={t("canaries.title")}
      columns={COLUMNS}
      rows={canaries.items}
      rowKey={(one) => one.token}
      tone={(one) => (one.hits > one.scanners && !one.disabled ? "bad" : undefined)}
      onOpen={(one) => void navigate({ to: "/canaries/$token", params: { token: one.token } })}
      loading={canaries.loading}
      problem={canaries.problem}
      onRetry={canaries.again}
      hasMore={canaries.hasMore}
      onMore={canaries.more}
      exports={{ path: "/api/v1/canaries", query }}
      empty={
        <EmptyState icon="canaries" title={t("canaries.empty.title")}>
          <p>{t("canaries.empty.detail")}</p>
          {allowed && (
            <Link to="/canaries" search={{ tab: "kinds" } as never} className={buttonClass({ kind: "primary" })}>
              {t("canaries.make")}
            </Link>
          )}
        </EmptyState>
      }
    />
  );
}
