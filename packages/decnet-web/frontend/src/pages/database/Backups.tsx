// SPDX-License-Identifier: MIT
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { download, useGet, useSend, type Data } from "@/api/queries";
import { formatBytes, t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Backup = Data<"/api/v1/database/backups">["items"][number];

const EVERY_MS = 3_000;
const TOUCHED = ["/api/v1/database/backups"];
const TONES = { running: "accent", done: "good", failed: "bad" } as const;
const failed = (error: unknown) => toast(asProblem(error).message, "bad");

export function Backups() {
  const { data, error, isPending, refetch } = useGet("/api/v1/database/backups", {}, { every: EVERY_MS });
  const begin = useSend("post", "/api/v1/database/backups", TOUCHED);
  const running = data?.items.some((one) => one.state === "running") ?? false;
  return (
    <DataTable
      name="backups"
      label={t("database.backup")}
      columns={COLUMNS}
      rows={data?.items ?? []}
      rowKey={(one) => one.name}
      loading={isPending}
      problem={error}
      onRetry={() => void refetch()}
      tools={
        <Button
          small
          icon="plus"
          disabled={running || begin.isPending}
          onClick={() => begin.mutate({}, { onError: failed })}
        >
          {t("database.backup.make")}
        </Button>
      }
      empty={
        <EmptyState icon="files" title={t("database.backup.none")}>
          <p>{t("database.backup.lead")}</p>
        </EmptyState>
      }
    />
  );
}

const COLUMNS: readonly Column<Backup>[] = [
  { id: "name", header: t("database.backup"), width: "minmax(14rem, 2fr)", cell: (one) => <code>{one.name}</code> },
  { id: "at", header: t("canaries.col.made"), width: "14rem", cell: (one) => <Moment value={one.started_at} /> },
  {
    id: "state",
    header: t("webhooks.delivery.state"),
    width: "minmax(9rem, 1fr)",
    wrap: true,
    cell: (one) => (
      <Badge tone={TONES[one.state]}>{one.error ?? (one.progress || t(`database.job.${one.state}`))}</Badge>
    ),
  },
  {
    id: "bytes",
    header: t("database.size"),
    width: "7rem",
    align: "end",
    cell: (one) => (one.bytes === null ? "–" : formatBytes(one.bytes)),
  },
  {
    id: "sha256",
    header: "SHA-256",
    width: "minmax(8rem, 1fr)",
    optional: true,
    cell: (one) => <code>{one.sha256 ?? "–"}</code>,
  },
  { id: "actions", header: t("table.actions"), width: "11rem", cell: (one) => <Actions one={one} /> },
];

function Actions({ one }: { one: Backup }) {
  const [asking, ask] = useState(false);
  const remove = useSend("delete", "/api/v1/database/backups/{name}", TOUCHED);
  const path = `/api/v1/database/backups/${encodeURIComponent(one.name)}/download`;
  return (
    <>
      {one.state === "done" && (
        <Button
          small
          icon="download"
          onClick={() => void download(path, "application/octet-stream", one.name).catch(failed)}
        >
          {t("canaries.download")}
        </Button>
      )}
      <Button
        small
        kind="plain"
        icon="trash"
        aria-label={`${t("common.delete")}: ${one.name}`}
        disabled={one.state === "running"}
        onClick={() => ask(true)}
      />
      <ConfirmDialog
        open={asking}
        danger
        title={t("database.backup.remove")}
        action={t("common.delete")}
        onClose={() => ask(false)}
        onConfirm={() => remove.mutateAsync({ params: { path: { name: one.name } } })}
      >
        <p>{one.name}</p>
      </ConfirmDialog>
    </>
  );
}
