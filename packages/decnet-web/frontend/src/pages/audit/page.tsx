// SPDX-License-Identifier: MIT
import { useState } from "react";
import { usePages, type Item } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { useDirection, useQueryState, useTimeRange } from "@/app/search";
import { Dialog } from "@/components/controls/dialog";
import { FilterBar } from "@/components/controls/filter-bar";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { Code, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Entry = Item<"/api/v1/audit">;

const COLUMNS: readonly Column<Entry>[] = [
  {
    id: "ts",
    header: t("audit.time"),
    width: "10rem",
    sort: "ts",
    cell: (one) => <Moment value={one.ts} show="absolute" />,
  },
  { id: "actor", header: t("audit.actor"), width: "minmax(7rem, 10rem)", cell: (one) => <strong>{one.actor}</strong> },
  { id: "action", header: t("audit.action"), width: "minmax(9rem, 14rem)", cell: (one) => <code>{one.action}</code> },
  { id: "object", header: t("audit.object"), width: "minmax(9rem, 2fr)", cell: (one) => one.object },
  { id: "means", header: t("audit.means"), width: "8rem", cell: (one) => tv("audit.by", one.means) },
  {
    id: "address",
    header: t("audit.address"),
    width: "9rem",
    cell: (one) => one.address && <code>{one.address}</code>,
  },
  {
    id: "detail",
    header: t("audit.detail"),
    width: "minmax(10rem, 3fr)",
    cell: (one) => <code>{short(one.detail)}</code>,
  },
];

const FILTERS = [
  { kind: "text", name: "actor", label: t("audit.actor") },
  { kind: "text", name: "action", label: t("audit.action") },
  { kind: "text", name: "object", label: t("audit.object") },
] as const;

const short = (detail: Entry["detail"]): string => (Object.keys(detail).length === 0 ? "" : JSON.stringify(detail));

/** Every write and every look at a secret, the latest first. */
export default function Audit() {
  const [search] = useQueryState();
  const [shown, show] = useState<Entry | null>(null);
  const query = {
    ...useTimeRange("all"),
    ...(search.actor ? { actor: search.actor } : {}),
    ...(search.action ? { action: search.action } : {}),
    ...(search.object ? { object: search.object } : {}),
    ...useDirection(),
  };
  const list = usePages("/api/v1/audit", { params: { query } });
  return (
    <Page title={t("nav.audit")} about={t("audit.about")}>
      <DataTable
        name="audit"
        order="ts"
        label={t("nav.audit")}
        columns={COLUMNS}
        rows={list.items}
        rowKey={(one) => String(one.id)}
        onOpen={show}
        loading={list.loading}
        problem={list.problem}
        onRetry={list.again}
        hasMore={list.hasMore}
        onMore={list.more}
        exports={{ path: "/api/v1/audit", query }}
        tools={
          <>
            <TimeRange otherwise="all" />
            <FilterBar filters={FILTERS} />
          </>
        }
        empty={<EmptyState icon="audit" title={t("audit.empty")} />}
      />
      {shown && (
        <Dialog title={shown.action} open onClose={() => show(null)} shape="wide">
          <Facts
            items={[
              [t("audit.time"), <Moment key="t" value={shown.ts} fraction />],
              [t("audit.actor"), shown.actor],
              [t("audit.object"), shown.object],
              [t("audit.means"), tv("audit.by", shown.means)],
              [t("audit.address"), shown.address],
            ]}
          />
          <Code text={JSON.stringify(shown.detail, null, 2)} what={t("audit.detail")} />
        </Dialog>
      )}
    </Page>
  );
}
