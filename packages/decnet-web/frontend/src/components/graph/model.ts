// SPDX-License-Identifier: MIT
/** A group as a graph: the group, its members, and the features that brought several of them together. Bounded. */

export type Reason = readonly [kind: string, value: string, bits: number];

export interface GroupFacts {
  id: string;
  members: readonly { subject: string; weight: number; because: readonly Reason[] }[];
  common: readonly { kind: string; value: string; members: number; everywhere: number; weight: number }[];
  decisions: readonly {
    id: number;
    kind: string;
    subject: string | null;
    other: string | null;
    reason: string;
    author: string;
  }[];
}

export type NodeKind = "group" | "member" | "feature";
export type EdgeKind = "evidence" | "membership" | "together" | "apart";

export interface GraphNode {
  id: string;
  kind: NodeKind;
  label: string;
  /** Of a member its address or id, of a feature its kind. */
  name: string;
  /** Of a member how surely it belongs, of a feature what it says: bits. */
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
  /** Members and features that are not drawn. */
  leftOut: { members: number; features: number };
}

export const MOST_MEMBERS = 400;
export const MOST_FEATURES = 200;
const MOST_LABEL = 42;

export function graphOf(facts: GroupFacts): GraphModel {
  const members = [...facts.members].sort((one, other) => other.weight - one.weight).slice(0, MOST_MEMBERS);
  const joining = facts.common.filter((one) => one.weight > 0).sort((one, other) => other.weight - one.weight);
  const features = joining.slice(0, MOST_FEATURES);
  const drawn = new Set(features.map((one) => featureId(one.kind, one.value)));
  const inside = new Set(members.map((one) => memberId(one.subject)));
  const edges = members.flatMap((one) => edgesOf(facts.id, one, drawn));
  return {
    nodes: [
      { id: groupId(facts.id), kind: "group", label: facts.id.slice(0, 8), name: facts.id, bits: 0 },
      ...members.map((one): GraphNode => memberNode(one.subject, one.weight)),
      ...features.map((one): GraphNode => featureNode(one.kind, one.value, one.weight)),
    ],
    edges: [...edges, ...decided(facts, inside)],
    leftOut: {
      members: facts.members.length - members.length,
      features: joining.length - features.length,
    },
  };
}

/** The evidence of a member; one without evidence that is drawn hangs on the group itself. */
function edgesOf(group: string, one: GroupFacts["members"][number], drawn: ReadonlySet<string>): GraphEdge[] {
  const source = memberId(one.subject);
  const evidence = new Map<string, GraphEdge>();
  for (const [kind, value, bits] of one.because) {
    const target = featureId(kind, value);
    if (!drawn.has(target) || evidence.has(target)) continue;
    evidence.set(target, {
      id: pair(source, target),
      kind: "evidence",
      source,
      target,
      bits,
      label: edgeLabel(kind, bits),
    });
  }
  const target = groupId(group);
  const membership: GraphEdge = {
    id: pair(source, target),
    kind: "membership",
    source,
    target,
    bits: one.weight,
    label: edgeLabel("", one.weight),
  };
  return [membership, ...evidence.values()];
}

function decided(facts: GroupFacts, inside: ReadonlySet<string>): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const one of facts.decisions) {
    if ((one.kind !== "together" && one.kind !== "apart") || one.subject === null || one.other === null) continue;
    const [source, target] = [memberId(one.subject), memberId(one.other)];
    if (!inside.has(source) || !inside.has(target) || source === target) continue;
    edges.push({
      id: `decision:${one.id}`,
      kind: one.kind,
      source,
      target,
      bits: 0,
      label: one.reason.slice(0, MOST_LABEL),
    });
  }
  return edges;
}

function memberNode(subject: string, bits: number): GraphNode {
  return { id: memberId(subject), kind: "member", label: shortened(subject), name: subject, bits };
}

function featureNode(kind: string, value: string, bits: number): GraphNode {
  return { id: featureId(kind, value), kind: "feature", label: shortened(`${kind} ${value}`), name: kind, bits };
}

/** Ids with prefixes, which no attacker's text can make those of another kind of node. */
function groupId(id: string): string {
  return `group:${id}`;
}

export function memberId(subject: string): string {
  return `member:${subject}`;
}

export function featureId(kind: string, value: string): string {
  return `feature:${JSON.stringify([kind, value])}`;
}

function pair(source: string, target: string): string {
  return JSON.stringify([source, target]);
}

function edgeLabel(kind: string, bits: number): string {
  return `${kind} ${bits >= 0 ? "+" : ""}${bits.toFixed(1)}`.trim();
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > MOST_LABEL ? `${characters.slice(0, MOST_LABEL - 1).join("")}…` : text;
}
