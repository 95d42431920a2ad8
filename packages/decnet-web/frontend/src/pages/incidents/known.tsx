// SPDX-License-Identifier: MIT
import { useState } from "react";
import { useGet, useSend, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { AddKnown } from "./add-known";

type Known = Item<"/api/v1/known">;

export function KnownSources() {
  const list = useGet("/api/v1/known", {});
  const analyst = useAllowed("analyst");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Known | null>(null);
  const remove = useSend("delete", "/api/v1/known/{number}", ["/api/v1/"]);
  const columns: readonly Column<Known>[] = [
    {
      id: "network",
      header: t("known.network"),
      width: "minmax(9rem, 14rem)",
      cell: (one) => <code>{one.network}</code>,
    },
    { id: "label", header: t("known.label"), width: "minmax(8rem, 2fr)", wrap: true, cell: (one) => one.label },
    { id: "port", header: t("known.port"), width: "5rem", cell: (one) => one.port },
    { id: "kind", header: t("known.kind"), width: "8rem", cell: (one) => one.kind },
    {
      id: "until",
      header: t("known.until"),
      width: "13rem",
      cell: (one) => (one.until ? <Moment value={one.until} /> : t("known.always")),
    },
    {
      id: "added",
      header: t("known.since"),
      width: "10rem",
      optional: true,
      cell: (one) => <Moment value={one.added_at} show="absolute" />,
    },
    ...(analyst
      ? [
          {
            id: "remove",
            header: t("table.actions"),
            width: "6rem",
            cell: (one: Known) => (
              <Button small onClick={() => setRemoving(one)}>
                {t("known.remove")}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <DataTable
        name="known"
        label={t("incidents.known")}
        columns={columns}
        rows={list.data?.items ?? []}
        rowKey={(one) => String(one.id)}
        loading={list.isPending}
        problem={list.error}
        onRetry={() => void list.refetch()}
        tools={
          analyst && (
            <Button small icon="plus" onClick={() => setAdding(true)}>
              {t("known.add")}
            </Button>
          )
        }
        empty={
          <EmptyState icon="check" title={t("known.empty")}>
            <p>{t("known.empty.do")}</p>
          </EmptyState>
        }
      />
      <AddKnown key={String(adding)} open={adding} onClose={() => setAdding(false)} />
      <ConfirmDialog
        title={t("known.remove.title")}
        open={removing !== null}
        onClose={() => setRemoving(null)}
        action={t("known.remove")}
        danger
        onConfirm={() => remove.mutateAsync({ params: { path: { number: removing?.id ?? 0 } } })}
      >
        <p>{t("known.remove.about", { network: removing?.network ?? "" })}</p>
      </ConfirmDialog>
    </>
  );
}
