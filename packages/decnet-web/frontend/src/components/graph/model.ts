// SPDX-License-Identifier: MIT
/** The API's graph of a group, as it is drawn: bounded, with the weakest left out first, and evidence on the edges. */

export interface ApiGraph {
  nodes: readonly { id: string; kind: string; label: string; members?: number | null }[];
  edges: readonly { source: string; target: string; bits: number }[];
}

export interface Decided {
  id: number;
  kind: string;
  subject: string | null;
  other: string | null;
  reason: string;
}

/** `group` is what the page is about, `member` is in it, `address` is an attacker of a campaign's identity. */
export type NodeKind = "group" | "member" | "address" | "feature";
export type EdgeKind = "evidence" | "membership" | "together" | "apart";

export interface GraphNode {
  id: string;
  kind: NodeKind;
  label: string;
  /** Of a feature its kind. */
  what: string;
  /** The sum of its edges. */
  bits: number;
}

export interface GraphEdge {
  id: string;
  kind: EdgeKind;
  source: string;
  target: string;
  bits: number;
  label: string;
}

export interface GraphModel {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Nodes that are not drawn. */
  leftOut: number;
}

export const MOST_NODES = 600;
const MOST_EDGES = 4000;
const MOST_LABEL = 42;

const KINDS: Readonly<Record<string, Readonly<Record<string, NodeKind>>>> = {
  identity: { identity: "group", attacker: "member" },
  campaign: { campaign: "group", identity: "member", attacker: "address" },
};

export function modelOf(graph: ApiGraph, of: "identity" | "campaign", decisions: readonly Decided[] = []): GraphModel {
  const weight = new Map<string, number>();
  for (const { source, target, bits } of graph.edges) {
    for (const end of [source, target]) weight.set(end, (weight.get(end) ?? 0) + Math.abs(bits));
  }
  const every = graph.nodes.map((node) => nodeOf(node, of, weight.get(node.id) ?? 0));
  const nodes = every.sort((one, other) => rank(one) - rank(other) || other.bits - one.bits).slice(0, MOST_NODES);
  const drawn = new Map(nodes.map((node) => [node.id, node]));
  const evidence = graph.edges.filter((edge) => drawn.has(edge.source) && drawn.has(edge.target)).slice(0, MOST_EDGES);
  return {
    nodes,
    edges: [...unique(evidence.map((edge) => edgeOf(edge, drawn))), ...decided(decisions, drawn)],
    leftOut: every.length - nodes.length,
  };
}

function nodeOf(node: ApiGraph["nodes"][number], of: "identity" | "campaign", bits: number): GraphNode {
  const kind = KINDS[of]?.[node.kind] ?? "feature";
  const words = kind === "feature" ? `${node.kind} ${node.label}` : named(node);
  return { id: node.id, kind, label: shortened(words), what: node.kind, bits };
}

/** Groups are named by ids, of which the beginning is enough. */
function named(node: ApiGraph["nodes"][number]): string {
  return node.kind === "attacker" ? node.label : node.label.slice(0, 8);
}

function rank(node: GraphNode): number {
  return node.kind === "group" ? 0 : 1;
}

function edgeOf(edge: ApiGraph["edges"][number], nodes: ReadonlyMap<string, GraphNode>): GraphEdge {
  const { source, target, bits } = edge;
  const feature = [nodes.get(source), nodes.get(target)].find((node) => node?.kind === "feature");
  const label = `${feature?.what ?? ""} ${bits >= 0 ? "+" : ""}${bits.toFixed(1)}`.trim();
  return { id: pair(source, target), kind: feature ? "evidence" : "membership", source, target, bits, label };
}

function decided(decisions: readonly Decided[], nodes: ReadonlyMap<string, GraphNode>): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const { id, kind, subject, other, reason } of decisions) {
    if ((kind !== "together" && kind !== "apart") || subject === null || other === null) continue;
    if (subject === other || !nodes.has(subject) || !nodes.has(other)) continue;
    edges.push({ id: `decision ${id}`, kind, source: subject, target: other, bits: 0, label: shortened(reason) });
  }
  return edges;
}

function unique(edges: readonly GraphEdge[]): GraphEdge[] {
  return [...new Map(edges.map((edge) => [edge.id, edge])).values()];
}

function pair(source: string, target: string): string {
  return JSON.stringify([source, target]);
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > MOST_LABEL ? `${characters.slice(0, MOST_LABEL - 1).join("")}…` : text;
}
