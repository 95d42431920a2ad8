// SPDX-License-Identifier: MIT
/** Lines that were put aside, each with the reason; events among them can be stored once more. */
import { useState } from "react";
import { useGet, usePages, useSend, type Item } from "@/api/queries";
import { formatBytes, t } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Code, Facts } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Line = Item<"/api/v1/quarantine">;

const COLUMNS: readonly Column<Line>[] = [
  {
    id: "when",
    header: t("quarantine.col.when"),
    width: "14rem",
    sort: "at",
    cell: (one) => <Moment value={one.at} />,
  },
  { id: "id", header: t("quarantine.col.id"), width: "9rem", cell: (one) => <code>{one.id}</code> },
  { id: "from", header: t("quarantine.col.from"), width: "minmax(8rem, 1fr)", cell: (one) => one.source },
  {
    id: "reason",
    header: t("quarantine.col.reason"),
    width: "minmax(14rem, 3fr)",
    wrap: true,
    cell: (one) => one.reason,
  },
  {
    id: "bytes",
    header: t("quarantine.col.bytes"),
    width: "6rem",
    align: "end",
    cell: (one) => formatBytes(one.bytes),
  },
];

export function Quarantine() {
  const query = useDirection();
  const lines = usePages("/api/v1/quarantine", { params: { query } });
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [asking, ask] = useState(false);
  const [shown, show] = useState<Line | null>(null);
  const retry = useSend("post", "/api/v1/quarantine/retry", ["/api/v1/quarantine"]);
  const again = async () => {
    const done = await retry.mutateAsync({ body: { ids: [...selected] } });
    select(new Set());
    toast(
      t("quarantine.retried", { stored: done.stored, known: done.known, refused: done.refused.length }),
      done.refused.length > 0 ? "bad" : "good",
    );
  };
  return (
    <>
      <p className="muted">{t("quarantine.lead")}</p>
      <DataTable
        name="quarantine"
        order="at"
        label={t("quarantine.title")}
        columns={COLUMNS}
        rows={lines.items}
        rowKey={(one) => one.id}
        onOpen={show}
        selected={selected}
        onSelect={select}
        loading={lines.loading}
        problem={lines.problem}
        onRetry={lines.again}
        hasMore={lines.hasMore}
        onMore={lines.more}
        exports={{ path: "/api/v1/quarantine", query }}
        tools={
          selected.size > 0 && (
            <Button small onClick={() => ask(true)}>
              {t("quarantine.retry")}
            </Button>
          )
        }
        empty={
          <EmptyState icon="check" title={t("quarantine.none.title")}>
            <p>{t("quarantine.none.detail")}</p>
          </EmptyState>
        }
      />
      <ConfirmDialog
        open={asking}
        title={t("quarantine.retry.title")}
        action={t("quarantine.retry")}
        onClose={() => ask(false)}
        onConfirm={again}
      >
        <p>{t("quarantine.retry.detail")}</p>
      </ConfirmDialog>
      {shown && (
        <Dialog open shape="drawer" title={shown.id} onClose={() => show(null)}>
          <Whole line={shown} />
        </Dialog>
      )}
    </>
  );
}

function Whole({ line }: { line: Line }) {
  const [worker = "", segment, offset] = line.id.split("/");
  const path = { worker, segment: Number(segment), offset: Number(offset) };
  const { data, error } = useGet("/api/v1/quarantine/{worker}/{segment}/{offset}", { params: { path } });
  return (
    <>
      <Facts
        items={[
          [t("quarantine.col.when"), <Moment key="at" value={line.at} />],
          [t("quarantine.col.from"), line.source],
          [t("quarantine.col.reason"), line.reason],
        ]}
      />
      {line.stored && <Badge tone="good">{t("quarantine.stored")}</Badge>}
      {error && <ErrorState problem={error} />}
      {data && <Code text={data.text} what={t("quarantine.content")} />}
    </>
  );
}
