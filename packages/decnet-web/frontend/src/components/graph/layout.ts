// SPDX-License-Identifier: MIT
/** ForceAtlas2 in bounded pieces: a few iterations at a time, so that the page stays responsive, and so many in all. */

import type Graph from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";

export const MOST_ITERATIONS = 400;
/** Node-iterations in one piece: some milliseconds. */
const PIECE = 6000;

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Give every node a place by its number, the same each time. */
export function place(graph: Graph): void {
  let number = 0;
  graph.forEachNode((node) => {
    const radius = Math.sqrt(number) * 10;
    graph.setNodeAttribute(node, "x", radius * Math.cos(number * GOLDEN_ANGLE));
    graph.setNodeAttribute(node, "y", radius * Math.sin(number * GOLDEN_ANGLE));
    number++;
  });
}

/** How many iterations a graph gets: fewer, the larger it is, as each takes longer. */
export function iterationsFor(order: number): number {
  if (order < 2) return 0;
  return Math.max(60, Math.min(MOST_ITERATIONS, Math.floor(120_000 / order)));
}

export class BoundedLayout {
  private left: number;
  private readonly perPiece: number;

  constructor(private readonly graph: Graph) {
    place(graph);
    this.left = iterationsFor(graph.order);
    this.perPiece = Math.max(1, Math.min(40, Math.floor(PIECE / Math.max(1, graph.order))));
  }

  /** Do one piece; return whether there is more to do. */
  step(): boolean {
    if (this.left <= 0) return false;
    const iterations = Math.min(this.left, this.perPiece);
    forceAtlas2.assign(this.graph, {
      iterations,
      getEdgeWeight: "weight",
      settings: {
        barnesHutOptimize: this.graph.order > 400,
        strongGravityMode: false,
        gravity: 1,
        scalingRatio: 12,
        slowDown: 1 + Math.log(this.graph.order),
      },
    });
    this.left -= iterations;
    return this.left > 0;
  }
}
