// SPDX-License-Identifier: MIT
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useLive } from "@/api/live";
import { usePages, useSend, type Item } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useDirection, useQueryState, useTimeRange } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { TextArea } from "@/components/controls/field";
import { FilterBar } from "@/components/controls/filter-bar";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { toast } from "@/components/feedback/toast";
import { Address } from "@/components/show/address";
import { Moment } from "@/components/show/moment";
import { Score } from "@/components/show/score";
import { Severity } from "@/components/show/severity";
import { DataTable, type Column } from "@/components/table/data-table";
import { IncidentState, severityOf, statesOf } from "./state";
import styles from "./incidents.module.css";

type Incident = Item<"/api/v1/incidents">;

const COLUMNS: readonly Column<Incident>[] = [
  {
    id: "severity",
    header: t("incidents.severity"),
    width: "6.5rem",
    cell: (one) => <Severity value={one.severity} />,
  },
  { id: "incident", header: t("incidents.number"), width: "3.5rem", cell: (one) => `#${one.incident}` },
  { id: "state", header: t("incidents.state"), width: "7rem", cell: (one) => <IncidentState state={one.state} /> },
  {
    id: "attacker",
    header: t("incidents.attacker"),
    width: "minmax(9rem, 10.5rem)",
    cell: (one) => <Attackers one={one} />,
  },
  {
    id: "line",
    header: t("incidents.line"),
    width: "minmax(14rem, 3fr)",
    cell: (one) => <span className={styles.line}>{one.line}</span>,
  },
  { id: "score", header: t("incidents.score"), width: "6.5rem", cell: (one) => <Score value={one.score} /> },
  { id: "notices", header: t("incidents.notices"), width: "4.5rem", align: "end", cell: (one) => one.notices },
  {
    id: "last",
    header: t("incidents.last"),
    width: "8rem",
    sort: "last_seen",
    cell: (one) => <Moment value={one.last_seen} show="ago" />,
  },
  {
    id: "first",
    header: t("incidents.first"),
    width: "10rem",
    optional: true,
    cell: (one) => <Moment value={one.first_seen} show="absolute" />,
  },
];

function Attackers({ one }: { one: Incident }) {
  return (
    <>
      <Address value={one.attacker} />
      {one.attackers > 1 && <span className="muted"> +{one.attackers - 1}</span>}
    </>
  );
}

const FILTERS = [
  {
    kind: "choice",
    name: "state",
    label: t("incidents.filter.open"),
    options: [
      ["new", t("incidents.state.new")],
      ["acknowledged", t("incidents.state.acknowledged")],
      ["closed", t("incidents.state.closed")],
      ["all", t("incidents.filter.all")],
    ],
  },
  {
    kind: "choice",
    name: "severity",
    label: t("incidents.filter.severity"),
    options: [
      ["medium", t("incidents.filter.least", { severity: t("severity.2") })],
      ["high", t("incidents.filter.least", { severity: t("severity.3") })],
      ["critical", t("severity.4")],
    ],
  },
  { kind: "text", name: "attacker", label: t("incidents.attacker") },
  { kind: "text", name: "decky", label: t("incidents.decky") },
  { kind: "text", name: "technique", label: t("incidents.technique") },
] as const;

/** Incidents that wait, the latest first; several can be taken or closed at once. */
export function Inbox() {
  const [search] = useQueryState();
  const navigate = useNavigate();
  const analyst = useAllowed("analyst");
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const severity = severityOf(search.severity);
  const state = statesOf(search.state);
  const filters = {
    ...useTimeRange("all"),
    ...(state ? { state } : {}),
    ...(severity ? { severity } : {}),
    ...(search.attacker ? { attacker: search.attacker } : {}),
    ...(search.decky ? { decky: search.decky } : {}),
    ...(search.technique ? { technique: search.technique } : {}),
    ...useDirection(),
  };
  const list = usePages("/api/v1/incidents", { params: { query: filters } });
  useLive((messages) => {
    // A notice is what an incident is made of.
    if (messages.some((one) => one.event === "notice")) list.again();
  });
  return (
    <>
      {selected.size > 0 && <Bulk selected={selected} onDone={() => select(new Set())} />}
      <DataTable
        name="incidents"
        order="last_seen"
        label={t("nav.incidents")}
        columns={COLUMNS}
        rows={list.items}
        rowKey={(one) => String(one.incident)}
        onOpen={(one) =>
          void navigate({ to: "/incidents/$number", params: { number: String(one.incident) }, search: {} })
        }
        tone={(one) =>
          one.state === "new" && (one.severity === "critical" || one.severity === "high") ? "bad" : undefined
        }
        loading={list.loading}
        problem={list.problem}
        onRetry={list.again}
        hasMore={list.hasMore}
        onMore={list.more}
        exports={{ path: "/api/v1/incidents", query: { ...filters, state: undefined } }}
        {...(analyst ? { selected, onSelect: select } : {})}
        tools={
          <>
            <TimeRange otherwise="all" />
            <FilterBar filters={FILTERS} />
          </>
        }
        empty={
          <EmptyState icon="check" title={t("incidents.empty")}>
            <p>{t("incidents.empty.do")}</p>
          </EmptyState>
        }
      />
    </>
  );
}

function Bulk({ selected, onDone }: { selected: ReadonlySet<string>; onDone: () => void }) {
  const [asking, setAsking] = useState<"acknowledge" | "close" | null>(null);
  const [note, setNote] = useState("");
  const changed = ["/api/v1/incidents", "/api/v1/overview"];
  const acknowledge = useSend("post", "/api/v1/incidents/acknowledge", changed);
  const close = useSend("post", "/api/v1/incidents/close", changed);
  const confirm = async () => {
    const send = asking === "close" ? close : acknowledge;
    const { items } = await send.mutateAsync({ body: { incidents: [...selected].map(Number), note } });
    const done = items.filter((one) => one.done).length;
    toast(tn(asking === "close" ? "incidents.bulk.closed" : "incidents.bulk.taken", done));
    setNote("");
    onDone();
  };
  return (
    <div className={`${styles.bulk} no-print`} role="region" aria-label={t("incidents.bulk")}>
      <strong>{tn("incidents.bulk.selected", selected.size)}</strong>
      <Button small icon="check" onClick={() => setAsking("acknowledge")}>
        {t("incidents.acknowledge")}
      </Button>
      <Button small icon="close" onClick={() => setAsking("close")}>
        {t("incidents.close")}
      </Button>
      <Button small kind="plain" onClick={onDone}>
        {t("common.cancel")}
      </Button>
      <ConfirmDialog
        title={asking === "close" ? t("incidents.bulk.close") : t("incidents.bulk.take")}
        open={asking !== null}
        onClose={() => setAsking(null)}
        action={asking === "close" ? t("incidents.close") : t("incidents.acknowledge")}
        onConfirm={confirm}
      >
        <TextArea
          label={t("incidents.note")}
          value={note}
          maxLength={4000}
          onChange={(event) => setNote(event.target.value)}
        />
      </ConfirmDialog>
    </div>
  );
}
