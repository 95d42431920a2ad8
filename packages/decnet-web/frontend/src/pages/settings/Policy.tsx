// SPDX-License-Identifier: MIT
/** What browsers have reported of the dashboard's Content-Security-Policy. */
import { useGet, type Item } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Violation = Item<"/api/v1/policy-reports">;

const COLUMNS: readonly Column<Violation>[] = [
  {
    id: "last",
    header: t("policy.last"),
    width: "10rem",
    cell: (one) => <Moment value={one.last_at} show="absolute" />,
  },
  {
    id: "directive",
    header: t("policy.directive"),
    width: "minmax(9rem, 1fr)",
    cell: (one) => <code>{one.directive}</code>,
  },
  { id: "blocked", header: t("policy.blocked"), width: "minmax(9rem, 2fr)", cell: (one) => <code>{one.blocked}</code> },
  { id: "page", header: t("policy.page"), width: "minmax(9rem, 2fr)", cell: (one) => <code>{one.page}</code> },
  { id: "source", header: t("policy.source"), width: "minmax(9rem, 2fr)", cell: (one) => <code>{one.source}</code> },
  { id: "times", header: t("policy.times"), width: "5rem", align: "end", cell: (one) => one.times },
];

export function Policy() {
  const found = useGet("/api/v1/policy-reports", {});
  if (found.error) return <ErrorState problem={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton lines={4} />;
  return (
    <>
      <p className="muted">{t("policy.about")}</p>
      <DataTable
        name="policy"
        label={t("policy.title")}
        columns={COLUMNS}
        rows={found.data.items}
        rowKey={(one) => `${one.directive} ${one.blocked} ${one.source}`}
        empty={
          <EmptyState icon="lock" title={t("policy.empty")}>
            <p>{t("policy.empty.why")}</p>
          </EmptyState>
        }
      />
      {found.data.left_out > 0 && <p>{tn("policy.more", found.data.left_out)}</p>}
    </>
  );
}
