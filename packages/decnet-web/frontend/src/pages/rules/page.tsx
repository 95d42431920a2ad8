// SPDX-License-Identifier: MIT
/** Rules: what they find, their state, and an editor that tries a rule on the past. */
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { useGet, useSend, type Data } from "@/api/queries";
import { formatNumber, t, tv } from "@/app/i18n";
import { useDirection, useQueryState, useQueryValue } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Dialog, Foot } from "@/components/controls/dialog";
import { FilterBar } from "@/components/controls/filter-bar";
import { Tabs } from "@/components/controls/tabs";
import { TextField } from "@/components/controls/field";
import { EmptyState } from "@/components/feedback/empty-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Code, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Severity } from "@/components/show/severity";
import { DataTable, type Column } from "@/components/table/data-table";
import { Editor } from "./Editor";
import { inOrder } from "./order";
import styles from "./rules.module.css";

type Rule = Data<"/api/v1/rules">["items"][number];

export default function RulesPage() {
  const analyst = useAllowed("analyst");
  const editor = { id: "editor", title: t("rules.tab.editor"), content: () => <Editor /> };
  return (
    <Page title={t("rules.title")} about={t("rules.lead")}>
      <Tabs
        label={t("rules.title")}
        tabs={[{ id: "rules", title: t("rules.tab.list"), content: () => <List /> }, ...(analyst ? [editor] : [])]}
      />
    </Page>
  );
}

function List() {
  const { data, error, isPending, refetch } = useGet("/api/v1/rules", {});
  const [search] = useQueryState();
  const [chosen, choose] = useQueryValue("rule");
  const natural = search.sort ? "desc" : "asc";
  const { direction = natural } = useDirection(natural);
  const words = (search.q ?? "").toLowerCase();
  const rows = inOrder(
    (data?.items ?? []).filter(
      (one) => searchable(one).includes(words) && (!search.level || one.level === search.level),
    ),
    search.sort,
    direction,
  );
  const shown = data?.items.find((one) => one.id === chosen);
  return (
    <>
      {data?.refused.map((one) => (
        <p key={`${one.file}:${one.line}`} role="alert" className={styles.refused}>
          {one.file}:{one.line}: {one.reason}
        </p>
      ))}
      <FilterBar
        filters={[
          { kind: "text", name: "q", label: t("rules.filter") },
          {
            kind: "choice",
            name: "level",
            label: t("rules.col.level"),
            options: ["informational", "low", "medium", "high", "critical"].map((one) => [one, one] as const),
          },
        ]}
      />
      <DataTable
        name="rules"
        order="title"
        ascending
        label={t("rules.title")}
        columns={COLUMNS}
        rows={rows}
        rowKey={(one) => one.id}
        onOpen={(one) => choose(one.id)}
        loading={isPending}
        problem={error}
        onRetry={() => void refetch()}
        empty={<EmptyState icon="rules" title={t("rules.none")} />}
      />
      {shown && (
        <Dialog open shape="drawer" title={shown.title} onClose={() => choose(undefined)}>
          <One one={shown} />
        </Dialog>
      )}
    </>
  );
}

const COLUMNS: readonly Column<Rule>[] = [
  {
    id: "title",
    header: t("rules.col.title"),
    sort: "title",
    width: "minmax(14rem, 2fr)",
    wrap: true,
    cell: (one) => <strong>{one.title}</strong>,
  },
  { id: "level", header: t("rules.col.level"), width: "7rem", cell: (one) => <Severity value={one.level} /> },
  {
    id: "techniques",
    header: t("rules.col.techniques"),
    width: "minmax(10rem, 1.5fr)",
    cell: (one) => (
      <span title={Object.values(one.techniques).join(", ")}>{Object.keys(one.techniques).join(" ")}</span>
    ),
  },
  { id: "state", header: t("rules.col.state"), width: "8rem", cell: (one) => <State one={one} /> },
  {
    id: "hits",
    header: t("rules.col.hits"),
    width: "5rem",
    align: "end",
    sort: "hits",
    cell: (one) => formatNumber(one.hits),
  },
  {
    id: "last",
    header: t("rules.col.last"),
    sort: "last",
    width: "8rem",
    cell: (one) => <Moment value={one.last_seen} show="ago" />,
  },
  {
    id: "from",
    header: t("rules.col.source"),
    width: "7rem",
    cell: (one) => t(one.shipped ? "rules.shipped" : "rules.own"),
  },
];

function searchable(one: Rule): string {
  return [one.title, one.description, one.id, ...Object.entries(one.techniques).flat(), ...one.tactics]
    .join(" ")
    .toLowerCase();
}

function State({ one }: { one: Rule }) {
  if (!one.setting) return <Badge tone="good">{t("rules.state.on")}</Badge>;
  if (one.setting.state === "disabled") return <Badge>{t("rules.state.off")}</Badge>;
  return <Badge tone="warn">{t("rules.state.capped", { n: one.setting.cap ?? 0 })}</Badge>;
}

function One({ one }: { one: Rule }) {
  const analyst = useAllowed("analyst");
  const name = one.file.split("/").at(-1) ?? one.file;
  const { data } = useGet("/api/v1/rules/files/{name}", { params: { path: { name } } });
  return (
    <div className={styles.stack}>
      {one.description && <p>{one.description}</p>}
      <Facts
        items={[
          [t("rules.col.state"), <State key="state" one={one} />],
          [t("rules.col.level"), <Severity key="level" value={one.level} />],
          [
            t("rules.col.techniques"),
            Object.entries(one.techniques)
              .map(([id, words]) => `${id} ${words}`)
              .join(", ") || null,
          ],
          [t("rules.reads"), one.source],
          [t("rules.col.hits"), t("rules.hits.words", { n: one.hits, attackers: one.attackers })],
          [t("rules.false"), one.false_positives.join("; ") || null],
          [t("rules.col.source"), <code key="file">{`${one.file}:${one.line}`}</code>],
          [t("rules.reason"), one.setting?.reason || null],
          [t("rules.until"), one.setting?.expires_at ? <Moment key="until" value={one.setting.expires_at} /> : null],
        ]}
      />
      {analyst && <Orders one={one} />}
      {data && <Code text={data.text} what={t("rules.text")} />}
    </div>
  );
}

function Orders({ one }: { one: Rule }) {
  const set = useSend("put", "/api/v1/rules/{rule}/state", ["/api/v1/rules"]);
  const [asked, ask] = useState<"disabled" | "capped" | null>(null);
  const [cap, setCap] = useState("10");
  const params = { params: { path: { rule: one.id } } };
  const send = (state: "enabled" | "disabled" | "capped") =>
    set.mutateAsync({
      ...params,
      body: { state, hours: 0, reason: "", ...(state === "capped" ? { cap: Number(cap) } : {}) },
    });
  const enable = () => send("enabled").catch((error: unknown) => toast(asProblem(error).message, "bad"));
  return (
    <Foot>
      {one.setting && <Button onClick={() => void enable()}>{t("rules.enable")}</Button>}
      {one.setting?.state !== "capped" && <Button onClick={() => ask("capped")}>{t("rules.cap")}</Button>}
      {one.setting?.state !== "disabled" && (
        <Button kind="danger" onClick={() => ask("disabled")}>
          {t("rules.disable")}
        </Button>
      )}
      {asked && (
        <ConfirmDialog
          open
          danger={asked === "disabled"}
          title={tv("rules.ask", asked)}
          action={t(asked === "disabled" ? "rules.disable" : "rules.cap")}
          onClose={() => ask(null)}
          onConfirm={() => send(asked)}
        >
          <p>{tv("rules.detail", asked)}</p>
          {asked === "capped" && (
            <TextField
              type="number"
              min={1}
              label={t("rules.cap.label")}
              value={cap}
              onChange={(event) => setCap(event.target.value)}
            />
          )}
        </ConfirmDialog>
      )}
    </Foot>
  );
}
