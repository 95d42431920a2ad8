// SPDX-License-Identifier: MIT
import { useGet, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { FilterBar } from "@/components/controls/filter-bar";
import { EmptyState } from "@/components/feedback/empty-state";
import { Badge } from "@/components/show/badge";
import { Words } from "@/components/show/words";
import { DataTable, type Column } from "@/components/table/data-table";
import { matching, valueText } from "./values";

type Setting = Data<"/api/v1/settings">["items"][number];

export function Values() {
  const { data, error, isPending, refetch } = useGet("/api/v1/settings", {});
  const [search] = useQueryState();
  const rows = matching(data?.items ?? [], search.q ?? "", search.origin === "changed");
  return (
    <>
      {data?.problems.map((one) => (
        <p key={one} role="alert">
          <Badge tone="bad">{one}</Badge>
        </p>
      ))}
      <FilterBar
        filters={[
          { kind: "text", name: "q", label: t("fleetsettings.search") },
          {
            kind: "choice",
            name: "origin",
            label: t("fleetsettings.all"),
            options: [["changed", t("fleetsettings.changed")]],
          },
        ]}
      />
      <DataTable
        name="settings"
        label={t("fleetsettings.title")}
        columns={COLUMNS}
        rows={rows}
        rowKey={(one) => `${one.section}.${one.name}`}
        loading={isPending}
        problem={error}
        onRetry={() => void refetch()}
        empty={<EmptyState icon="settings" title={t("fleetsettings.none")} />}
      />
    </>
  );
}

const COLUMNS: readonly Column<Setting>[] = [
  {
    id: "name",
    header: t("fleetsettings.col.name"),
    width: "minmax(14rem, 1fr)",
    cell: (one) => (
      <code>
        [{one.section}] {one.name}
      </code>
    ),
  },
  {
    id: "value",
    header: t("fleetsettings.col.value"),
    width: "minmax(10rem, 1fr)",
    wrap: true,
    cell: (one) => <code>{valueText(one.value)}</code>,
  },
  {
    id: "from",
    header: t("fleetsettings.col.from"),
    width: "minmax(8rem, 1fr)",
    cell: (one) =>
      one.origin === "default" ? <span className="muted">{t("fleetsettings.default")}</span> : <b>{one.origin}</b>,
  },
  {
    id: "meaning",
    header: t("fleetsettings.col.meaning"),
    width: "minmax(14rem, 2fr)",
    wrap: true,
    cell: (one) => <Words text={one.meaning} />,
  },
];
