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
import { AddSilence } from "./add-silence";

type Silence = Item<"/api/v1/silences">;

export function about(one: Silence): string {
  return [...one.sources, ...one.deckies, ...one.techniques, ...one.tags].join(", ");
}

/** Silences that last: what they fit raises no alert until they end. */
export function Silences() {
  const list = useGet("/api/v1/silences", {});
  const analyst = useAllowed("analyst");
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Silence | null>(null);
  const end = useSend("delete", "/api/v1/silences/{number}", ["/api/v1/silences"]);
  const columns: readonly Column<Silence>[] = [
    { id: "about", header: t("silences.about"), width: "minmax(14rem, 2fr)", wrap: true, cell: about },
    { id: "until", header: t("silences.until"), width: "14rem", cell: (one) => <Moment value={one.until} /> },
    { id: "who", header: t("silences.who"), width: "8rem", cell: (one) => one.who },
    { id: "reason", header: t("silences.reason"), width: "minmax(10rem, 2fr)", wrap: true, cell: (one) => one.reason },
    ...(analyst
      ? [
          {
            id: "end",
            header: t("table.actions"),
            width: "6rem",
            cell: (one: Silence) => (
              <Button small onClick={() => setEnding(one)}>
                {t("silences.end")}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <DataTable
        name="silences"
        label={t("incidents.silences")}
        columns={columns}
        rows={list.data?.items ?? []}
        rowKey={(one) => String(one.id)}
        loading={list.isPending}
        problem={list.error}
        onRetry={() => void list.refetch()}
        tools={
          analyst && (
            <Button small icon="mute" onClick={() => setAdding(true)}>
              {t("silences.add")}
            </Button>
          )
        }
        empty={
          <EmptyState icon="bell" title={t("silences.empty")}>
            <p>{t("silences.empty.do")}</p>
          </EmptyState>
        }
      />
      <AddSilence key={String(adding)} open={adding} onClose={() => setAdding(false)} />
      <ConfirmDialog
        title={t("silences.end.title")}
        open={ending !== null}
        onClose={() => setEnding(null)}
        action={t("silences.end")}
        onConfirm={() => end.mutateAsync({ params: { path: { number: ending?.id ?? 0 } } })}
      >
        <p>{ending && about(ending)}</p>
      </ConfirmDialog>
    </>
  );
}
