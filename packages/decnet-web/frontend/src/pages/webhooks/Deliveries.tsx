// SPDX-License-Identifier: MIT
/** What was sent to whom, newest first; the dead ones can be sent again. */
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { usePages, useSend, type Item } from "@/api/queries";
import { t, tn, tv } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { Button } from "@/components/controls/button";
import { Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { toast } from "@/components/feedback/toast";
import { Badge, type Tone } from "@/components/show/badge";
import { Code } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";

type Delivery = Item<"/api/v1/webhooks/deliveries">;

const EVERY_MS = 5_000;
const TONES: Readonly<Record<Delivery["state"], Tone>> = { pending: "accent", delivered: "good", dead: "bad" };

export function Deliveries({ state }: { state?: "dead" }) {
  const query = { ...(state ? { state } : {}), ...useDirection() };
  const deliveries = usePages("/api/v1/webhooks/deliveries", { params: { query } }, { every: EVERY_MS });
  const [shown, show] = useState<Delivery | null>(null);
  return (
    <>
      <DataTable
        name={state ? "dead-letters" : "deliveries"}
        order="id"
        label={t(state ? "webhooks.tab.dead" : "webhooks.tab.deliveries")}
        columns={COLUMNS}
        rows={deliveries.items}
        rowKey={(one) => String(one.id)}
        tone={(one) => (one.state === "dead" ? "bad" : undefined)}
        onOpen={show}
        loading={deliveries.loading}
        problem={deliveries.problem}
        onRetry={deliveries.again}
        hasMore={deliveries.hasMore}
        onMore={deliveries.more}
        exports={{ path: "/api/v1/webhooks/deliveries", query }}
        empty={
          <EmptyState
            icon={state ? "check" : "webhooks"}
            title={t(state ? "webhooks.dead.none" : "webhooks.deliveries.none")}
          />
        }
      />
      {shown && (
        <Dialog open shape="drawer" title={shown.kind} onClose={() => show(null)}>
          {shown.error && <p>{shown.error}</p>}
          {shown.answer && <Code text={shown.answer} what={t("webhooks.delivery.status")} />}
          <Code text={pretty(shown.body)} what={t("webhooks.delivery.kind")} />
        </Dialog>
      )}
    </>
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  {
    id: "made",
    header: t("webhooks.delivery.made"),
    width: "14rem",
    sort: "id",
    cell: (one) => <Moment value={one.created_at} />,
  },
  { id: "webhook", header: t("webhooks.col.url"), width: "8rem", cell: (one) => <code>{one.webhook_id}</code> },
  { id: "kind", header: t("webhooks.delivery.kind"), width: "minmax(9rem, 1fr)", cell: (one) => one.kind },
  {
    id: "state",
    header: t("webhooks.delivery.state"),
    width: "8rem",
    cell: (one) => <Badge tone={TONES[one.state]}>{tv("webhooks.delivery.state", one.state)}</Badge>,
  },
  { id: "attempts", header: t("webhooks.delivery.attempts"), width: "5rem", align: "end", cell: (one) => one.attempts },
  {
    id: "status",
    header: t("webhooks.delivery.status"),
    width: "5rem",
    align: "end",
    cell: (one) => one.status ?? "–",
  },
  { id: "error", header: t("webhooks.delivery.error"), width: "minmax(10rem, 2fr)", cell: (one) => one.error ?? "–" },
  {
    id: "retry",
    header: t("webhooks.replay"),
    width: "6rem",
    cell: (one) => one.state === "dead" && <Again one={one} />,
  },
];

function Again({ one }: { one: Delivery }) {
  const replay = useSend("post", "/api/v1/webhooks/{webhook}/replay", ["/api/v1/webhooks"]);
  const act = () =>
    replay.mutateAsync({ params: { path: { webhook: one.webhook_id } }, body: { delivery: one.id } }).then(
      ({ count }) => toast(tn("webhooks.replayed", count)),
      (error: unknown) => toast(asProblem(error).message, "bad"),
    );
  return (
    <Button small icon="refresh" disabled={replay.isPending} onClick={() => void act()}>
      {t("webhooks.replay")}
    </Button>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
