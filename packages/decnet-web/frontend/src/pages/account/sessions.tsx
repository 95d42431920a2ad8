// SPDX-License-Identifier: MIT
import { useGet, useSend, type Data } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { EmptyState } from "@/components/feedback/empty-state";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

const SESSIONS = "/api/v1/account/sessions";
type Session = Data<typeof SESSIONS>[number];

export function Sessions() {
  const list = useGet(SESSIONS, {});
  const end = useSend("delete", "/api/v1/account/sessions/{session_id}", [SESSIONS]);
  const endOthers = useSend("delete", SESSIONS, [SESSIONS]);
  const columns: readonly Column<Session>[] = [
    {
      id: "address",
      header: t("account.sessions.address"),
      width: "minmax(8rem, 12rem)",
      cell: (one) => <code>{one.address}</code>,
    },
    {
      id: "browser",
      header: t("account.sessions.browser"),
      width: "minmax(10rem, 3fr)",
      wrap: true,
      cell: (one) => one.user_agent,
    },
    { id: "means", header: t("account.sessions.means"), width: "7rem", cell: (one) => tv("account.means", one.log_in) },
    {
      id: "seen",
      header: t("account.sessions.seen"),
      width: "7rem",
      cell: (one) => <Moment value={one.seen_at} show="ago" />,
    },
    {
      id: "since",
      header: t("account.sessions.since"),
      width: "10rem",
      cell: (one) => <Moment value={one.created_at} show="absolute" />,
    },
    {
      id: "end",
      header: t("table.actions"),
      width: "6rem",
      cell: (one) =>
        one.current ? (
          <Badge tone="accent">{t("account.sessions.this")}</Badge>
        ) : (
          <Button small onClick={() => end.mutate({ params: { path: { session_id: one.id } } })}>
            {t("account.sessions.end")}
          </Button>
        ),
    },
  ];
  const others = (list.data?.length ?? 0) > 1;
  return (
    <DataTable
      name="own-sessions"
      label={t("account.sessions")}
      columns={columns}
      rows={list.data ?? []}
      rowKey={(one) => one.id}
      loading={list.isPending}
      problem={list.error}
      onRetry={() => void list.refetch()}
      tools={
        <>
          <strong>{t("account.sessions")}</strong>
          {others && (
            <Button small onClick={() => endOthers.mutate({})}>
              {t("account.sessions.end.others")}
            </Button>
          )}
        </>
      }
      empty={<EmptyState title={t("common.none")} />}
    />
  );
}
