// SPDX-License-Identifier: MIT
/** The graph of a group, and the same as a table for the keyboard and for those who do not see it. */

import { lazy, Suspense, useCallback, useMemo, useState, type ReactElement } from "react";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { modelOf, type GraphModel, type GraphNode } from "@/components/graph/model";
import { Card } from "@/components/show/layout";
import { DataTable, type Column } from "@/components/table/data-table";
import { paths, type Kind, type Whole } from "./kinds";
import { Subject } from "./tables";
import { bitsText } from "./words";
import styles from "./groups.module.css";

const View = lazy(async () => ({ default: (await import("@/components/graph/graph-view")).GraphView }));

export function GraphTab({ kind, whole }: { kind: Kind; whole: Whole }): ReactElement {
  const query = useGet(paths(kind).graph, { params: { path: { group: whole.group.id } } });
  const [chosen, choose] = useState<string | null>(null);
  const onChoose = useCallback((node: string | null) => choose(node), []);
  const model = useMemo(
    () => (query.data ? modelOf(query.data, kind.one, whole.decisions) : null),
    [query.data, kind.one, whole.decisions],
  );
  if (query.error) return <ErrorState problem={query.error} onRetry={() => void query.refetch()} />;
  if (!model) return <Skeleton height={420} />;
  return (
    <div className={styles.graph}>
      <div>
        <Suspense fallback={<Skeleton height={420} />}>
          <View
            model={model}
            label={t("group.graph.label", { members: whole.group.members })}
            chosen={chosen}
            onChoose={onChoose}
          />
        </Suspense>
        {model.leftOut > 0 && <p className="muted">{t("graph.left.out", { n: model.leftOut })}</p>}
      </div>
      <NodePanel kind={kind} model={model} chosen={chosen} />
      <Card title={t("group.graph.table")}>
        <EdgeTable model={model} chosen={chosen} onChoose={onChoose} />
      </Card>
    </div>
  );
}

interface Named {
  model: GraphModel;
  chosen: string | null;
}

function NodePanel({ kind, model, chosen }: Named & { kind: Kind }): ReactElement {
  const node = model.nodes.find((one) => one.id === chosen);
  if (!node) return <p className={styles.hint}>{t("group.graph.hint")}</p>;
  const names = new Map(model.nodes.map((one) => [one.id, one.label]));
  const edges = model.edges.filter((one) => one.source === node.id || one.target === node.id);
  return (
    <section className={styles.node} aria-live="polite">
      <h3>{node.kind === "member" ? <Subject kind={kind} subject={node.id} /> : node.label}</h3>
      <ul>
        {edges.slice(0, 40).map((edge) => (
          <li key={edge.id}>
            <b className="num">{edge.bits ? bitsText(edge.bits) : edge.label}</b>{" "}
            {names.get(edge.source === node.id ? edge.target : edge.source)}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface EdgeRow {
  id: string;
  from: GraphNode;
  to: GraphNode;
  label: string;
  bits: number;
}

interface EdgeTableProps extends Named {
  onChoose: (node: string | null) => void;
}

function EdgeTable({ model, onChoose }: EdgeTableProps): ReactElement {
  const rows = useMemo(() => rowsOf(model), [model]);
  const node = (one: GraphNode): ReactElement => (
    <button type="button" className={styles.link} onClick={() => onChoose(one.id)}>
      {one.label}
    </button>
  );
  const columns: readonly Column<EdgeRow>[] = [
    { id: "from", header: t("group.column.member"), width: "minmax(10rem, 1fr)", cell: (row) => node(row.from) },
    { id: "to", header: t("group.column.kind"), width: "minmax(14rem, 3fr)", wrap: true, cell: (row) => node(row.to) },
    {
      id: "bits",
      header: t("group.column.bits"),
      width: "6rem",
      align: "end",
      cell: (row) => (row.bits ? bitsText(row.bits) : row.label),
    },
  ];
  return (
    <DataTable
      name="group-graph"
      label={t("group.graph.table")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
      empty={<p className={styles.none}>{t("group.evidence.none")}</p>}
      height="50vh"
    />
  );
}

function rowsOf(model: GraphModel): EdgeRow[] {
  const nodes = new Map(model.nodes.map((node) => [node.id, node]));
  return model.edges
    .flatMap(({ id, source, target, label, bits }) => {
      const [from, to] = [nodes.get(source), nodes.get(target)];
      return from && to ? [{ id, from, to, label, bits }] : [];
    })
    .sort((one, other) => rank(one) - rank(other) || other.bits - one.bits);
}

/** Evidence first: that somebody is a member the table of members says too. */
function rank({ to }: EdgeRow): number {
  return to.kind === "feature" ? 0 : 1;
}
