// SPDX-License-Identifier: MIT
import Graph from "graphology";
import { describe, expect, it } from "vitest";
import { BoundedLayout, MOST_ITERATIONS, iterationsFor } from "./layout";
import { MOST_FEATURES, MOST_MEMBERS, graphOf, type GroupFacts } from "./model";

const facts = (members: number, features: number): GroupFacts => ({
  id: "0198c0de-0000-7000-8000-000000000000",
  members: Array.from({ length: members }, (_, n) => ({
    subject: `192.0.2.${n}`,
    weight: n,
    because: [["ssh.public_key", `key ${n % Math.max(1, features)}`, 12.5]] as const,
  })),
  common: Array.from({ length: features }, (_, n) => ({
    kind: "ssh.public_key",
    value: `key ${n}`,
    members: 2,
    everywhere: 2,
    weight: 12.5,
  })),
  decisions: [],
});

describe("graphOf", () => {
  it("joins members by the features that they share, with bits on the edges", () => {
    const { nodes, edges } = graphOf(facts(4, 2));
    expect(nodes.map((one) => one.kind)).toEqual(["group", ...Array(4).fill("member"), ...Array(2).fill("feature")]);
    expect(edges.filter((one) => one.kind === "evidence")).toHaveLength(4);
    expect(edges.filter((one) => one.kind === "membership")).toHaveLength(4);
    expect(edges.find((one) => one.kind === "evidence")?.label).toBe("ssh.public_key +12.5");
  });

  it("leaves out what is beyond its bounds, the weakest first, and says how many", () => {
    const { nodes, leftOut } = graphOf(facts(MOST_MEMBERS + 7, MOST_FEATURES + 3));
    expect(nodes).toHaveLength(1 + MOST_MEMBERS + MOST_FEATURES);
    expect(leftOut).toEqual({ members: 7, features: 3 });
    expect(nodes.some((one) => one.name === "192.0.2.0")).toBe(false);
  });

  it("draws features that join nobody not at all", () => {
    const group = facts(2, 1);
    const idle = { ...group, common: group.common.map((one) => ({ ...one, weight: 0 })) };
    expect(graphOf(idle).nodes.some((one) => one.kind === "feature")).toBe(false);
  });

  it("cannot be made to mix up nodes by what an attacker sends", () => {
    const group = facts(2, 1);
    const hostile = { ...group, common: [{ ...group.common[0]!, kind: "member", value: "192.0.2.0" }] };
    const ids = graphOf(hostile).nodes.map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("draws decisions between members that are drawn", () => {
    const decision = { id: 3, kind: "apart", subject: "192.0.2.0", other: "192.0.2.1", reason: "seen", author: "a" };
    const stranger = { ...decision, id: 4, other: "198.51.100.1" };
    const { edges } = graphOf({ ...facts(2, 1), decisions: [decision, stranger] });
    expect(edges.filter((one) => one.kind === "apart").map((one) => one.id)).toEqual(["decision:3"]);
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
