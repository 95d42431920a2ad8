// SPDX-License-Identifier: MIT
/** The receivers; one opens in a drawer with all that can be done with it. */
import { useGet, type Data } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { Receiver } from "./Receiver";
import { stateWords, toneOf } from "./receiver";

type Shown = Data<"/api/v1/webhooks">["items"][number];

const EVERY_MS = 10_000;

const COLUMNS: readonly Column<Shown>[] = [
  {
    id: "url",
    header: t("webhooks.col.url"),
    width: "minmax(14rem, 2fr)",
    cell: (one) => <span className="mono">{one.url}</span>,
  },
  { id: "format", header: t("webhooks.col.format"), width: "7rem", cell: (one) => one.format },
  {
    id: "sends",
    header: t("webhooks.col.sends"),
    width: "minmax(9rem, 1fr)",
    cell: (one) => `${one.selection.sends}, ${one.kinds.join(" ") || t("webhooks.kinds.all")}`,
  },
  {
    id: "state",
    header: t("webhooks.col.state"),
    width: "10rem",
    cell: (one) => <Badge tone={toneOf(one)}>{stateWords(one)}</Badge>,
  },
  {
    id: "pending",
    header: t("webhooks.col.pending"),
    width: "5rem",
    align: "end",
    cell: (one) => formatNumber(one.pending),
  },
  { id: "dead", header: t("webhooks.col.dead"), width: "5rem", align: "end", cell: (one) => formatNumber(one.dead) },
  {
    id: "added",
    header: t("webhooks.col.added"),
    width: "8rem",
    cell: (one) => <Moment value={one.created_at} show="ago" />,
  },
];

export function Receivers({ onAdd }: { onAdd: () => void }) {
  const admin = useAllowed("admin");
  const { data, error, isPending, refetch } = useGet("/api/v1/webhooks", {}, { every: EVERY_MS });
  const [chosen, choose] = useQueryValue("webhook");
  const shown = data?.items.find((one) => one.id === chosen);
  return (
    <>
      <DataTable
        name="webhooks"
        label={t("webhooks.title")}
        columns={COLUMNS}
        rows={data?.items ?? []}
        rowKey={(one) => one.id}
        tone={(one) => (one.state === "gone" || one.dead > 0 ? "bad" : undefined)}
        onOpen={(one) => choose(one.id)}
        loading={isPending}
        problem={error}
        onRetry={() => void refetch()}
        empty={
          <EmptyState icon="webhooks" title={t("webhooks.empty.title")}>
            <p>{t("webhooks.empty.detail")}</p>
            {admin && (
              <Button kind="primary" onClick={onAdd}>
                {t("webhooks.add")}
              </Button>
            )}
          </EmptyState>
        }
      />
      {shown && (
        <Dialog open shape="drawer" title={shown.url} onClose={() => choose(undefined)}>
          <Receiver one={shown} close={() => choose(undefined)} />
        </Dialog>
      )}
    </>
  );
}
