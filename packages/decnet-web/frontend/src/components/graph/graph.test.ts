// SPDX-License-Identifier: MIT
import Graph from "graphology";
import { describe, expect, it } from "vitest";
import { BoundedLayout, MOST_ITERATIONS, iterationsFor } from "./layout";
import { MOST_NODES, modelOf, type ApiGraph } from "./model";

const GROUP = "0198c0de-0000-7000-8000-000000000000";

/** A group of so many members, of which every other shows one key. */
const graphOf = (members: number): ApiGraph => {
  const names = Array.from({ length: members }, (_, n) => `192.0.2.${n}`);
  return {
    nodes: [
      { id: GROUP, kind: "identity", label: GROUP, members },
      ...names.map((name) => ({ id: name, kind: "attacker", label: name })),
      { id: "ssh_key:1", kind: "ssh_key", label: "SHA256:<script>" },
    ],
    edges: names.flatMap((name, n) => [
      { source: name, target: GROUP, bits: n + 1 },
      ...(n % 2 ? [{ source: name, target: "ssh_key:1", bits: 12.5 }] : []),
    ]),
  };
};

describe("modelOf", () => {
  it("has the evidence with its bits on the edges", () => {
    const { nodes, edges } = modelOf(graphOf(4), "identity");
    expect(nodes.map((one) => one.kind).sort()).toEqual(["feature", "group", ...Array(4).fill("member")]);
    expect(edges.filter((one) => one.kind === "evidence").map((one) => one.label)).toEqual([
      "ssh_key +12.5",
      "ssh_key +12.5",
    ]);
    expect(edges.filter((one) => one.kind === "membership")).toHaveLength(4);
  });

  it("tells a campaign's identities from their attackers", () => {
    const graph: ApiGraph = {
      nodes: ["campaign", "identity", "attacker", "host"].map((kind) => ({ id: kind, kind, label: kind })),
      edges: [],
    };
    expect(modelOf(graph, "campaign").nodes.map((one) => [one.what, one.kind])).toEqual([
      ["campaign", "group"],
      ["identity", "member"],
      ["attacker", "address"],
      ["host", "feature"],
    ]);
  });

  it("leaves out what is beyond its bounds, the weakest first, and never the group", () => {
    const { nodes, edges, leftOut } = modelOf(graphOf(MOST_NODES + 7), "identity");
    expect(nodes).toHaveLength(MOST_NODES);
    expect(nodes[0]?.kind).toBe("group");
    expect(leftOut).toBe(9);
    const drawn = new Set(nodes.map((one) => one.id));
    expect(drawn.has("192.0.2.0")).toBe(false);
    expect(edges.every((one) => drawn.has(one.source) && drawn.has(one.target))).toBe(true);
  });

  it("draws an edge that is named twice once", () => {
    const graph = graphOf(2);
    const ids = modelOf({ ...graph, edges: [...graph.edges, ...graph.edges] }, "identity").edges.map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("draws decisions between what is drawn", () => {
    const decision = { id: 3, kind: "apart", subject: "192.0.2.0", other: "192.0.2.1", reason: "seen" };
    const decisions = [
      decision,
      { ...decision, id: 4, other: "198.51.100.1" },
      { ...decision, id: 5, other: "192.0.2.0" },
    ];
    const { edges } = modelOf(graphOf(2), "identity", decisions);
    expect(edges.filter((one) => one.kind === "apart").map((one) => one.id)).toEqual(["decision 3"]);
  });
});

describe("BoundedLayout", () => {
  const graph = (order: number): Graph => {
    const made = new Graph();
    for (let n = 0; n < order; n++) made.addNode(String(n));
    for (let n = 1; n < order; n++) made.addEdge(String(n), String(n >> 1), { weight: 1 });
    return made;
  };

  it.each([0, 1, 2, 50, 600])("ends for %i nodes, with finite places", (order) => {
    const one = graph(order);
    const layout = new BoundedLayout(one);
    let pieces = 0;
    while (layout.step()) pieces++;
    expect(pieces).toBeLessThan(MOST_ITERATIONS);
    one.forEachNode((_, { x, y }) => expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true));
  });

  it("gives the same places each time", () => {
    const places = [graph(30), graph(30)].map((one) => {
      const layout = new BoundedLayout(one);
      while (layout.step());
      return one.mapNodes((_, attributes) => [attributes["x"], attributes["y"]]);
    });
    expect(places[0]).toEqual(places[1]);
  });

  it("gives large graphs fewer iterations", () => {
    expect(iterationsFor(50)).toBe(MOST_ITERATIONS);
    expect(iterationsFor(600)).toBe(200);
    expect(iterationsFor(100_000)).toBe(60);
  });
});
