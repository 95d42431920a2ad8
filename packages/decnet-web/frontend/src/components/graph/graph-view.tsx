// SPDX-License-Identifier: MIT
/**
 * Draws a graph with WebGL (sigma). It lays itself out in pieces between frames; nodes can be moved and chosen. Who
 * cannot see or use it has the table that pages show beside it, and gets only that without WebGL.
 */

import Graph from "graphology";
import { useEffect, useRef, useState, type ReactElement } from "react";
import Sigma from "sigma";
import { t } from "@/app/i18n";
import { useTheme } from "@/app/preferences";
import styles from "./graph-view.module.css";
import { BoundedLayout } from "./layout";
import type { EdgeKind, GraphModel, NodeKind } from "./model";

const KINDS: readonly NodeKind[] = ["group", "member", "address", "feature"];

interface Props {
  model: GraphModel;
  label: string;
  chosen: string | null;
  onChoose: (node: string | null) => void;
}

export function GraphView({ model, label, chosen, onChoose }: Props): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const [drawable] = useState(hasWebGl);
  const theme = useTheme();

  useEffect(() => {
    if (!box.current || !drawable) return;
    const made = new Drawing(box.current, model, onChoose);
    drawing.current = made;
    return () => {
      made.end();
      drawing.current = null;
    };
  }, [model, onChoose, drawable, theme]);

  useEffect(() => drawing.current?.choose(chosen), [chosen, model, theme]);

  if (!drawable) return <p className={styles.without}>{t("graph.no.webgl")}</p>;
  return (
    <figure className={styles.figure}>
      <div ref={box} className={styles.canvas} role="img" aria-label={label} />
      <figcaption className={styles.legend}>
        {KINDS.filter((kind) => model.nodes.some((node) => node.kind === kind)).map((kind) => (
          <span key={kind}>
            <i className={styles[kind]} aria-hidden />
            {t(`graph.${kind}`)}
          </span>
        ))}
        <span className={styles.tools}>
          <button type="button" onClick={() => drawing.current?.zoom(0.7)} aria-label={t("graph.closer")}>
            +
          </button>
          <button type="button" onClick={() => drawing.current?.zoom(1.4)} aria-label={t("graph.farther")}>
            −
          </button>
          <button type="button" onClick={() => drawing.current?.whole()}>
            {t("graph.whole")}
          </button>
        </span>
      </figcaption>
    </figure>
  );
}

function hasWebGl(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

interface Colours {
  nodes: Record<NodeKind, string>;
  edges: Record<EdgeKind, string>;
  text: string;
  faded: string;
}

/** sigma draws with colours as values, not as custom properties: read once for a theme. */
function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    nodes: {
      group: value("--text"),
      member: value("--chart"),
      address: value("--chart-3"),
      feature: value("--chart-2"),
    },
    edges: {
      evidence: value("--line-strong"),
      membership: value("--line"),
      together: value("--good"),
      apart: value("--bad"),
    },
    text: value("--text"),
    faded: value("--line"),
  };
}

class Drawing {
  private readonly graph: Graph;
  private readonly sigma: Sigma;
  private readonly colours: Colours;
  private frame = 0;
  private chosen: string | null = null;
  private near = new Set<string>();

  constructor(
    box: HTMLElement,
    model: GraphModel,
    private readonly onChoose: (node: string | null) => void,
  ) {
    this.colours = coloursOf(box);
    this.graph = graphologyOf(model, this.colours);
    const layout = new BoundedLayout(this.graph);
    this.sigma = new Sigma(this.graph, box, {
      labelColor: { color: this.colours.text },
      edgeLabelColor: { color: this.colours.text },
      labelFont: getComputedStyle(box).fontFamily,
      labelSize: 12,
      edgeLabelSize: 11,
      renderEdgeLabels: true,
      labelRenderedSizeThreshold: 5,
      allowInvalidContainer: true,
      minCameraRatio: 0.05,
      maxCameraRatio: 4,
      nodeReducer: (node, data) => this.nodeAs(node, data),
      edgeReducer: (edge, data) => this.edgeAs(edge, data),
      defaultDrawNodeHover: () => undefined,
    });
    this.sigma.on("clickNode", ({ node }) => this.onChoose(node));
    this.sigma.on("clickStage", () => this.onChoose(null));
    this.run(layout);
  }

  choose(node: string | null): void {
    this.chosen = node !== null && this.graph.hasNode(node) ? node : null;
    this.near = new Set(this.chosen === null ? [] : this.graph.neighbors(this.chosen));
    this.sigma.refresh({ skipIndexation: true });
  }

  zoom(by: number): void {
    const camera = this.sigma.getCamera();
    void camera.animate({ ratio: camera.getBoundedRatio(camera.ratio * by) }, { duration: 120 });
  }

  whole(): void {
    void this.sigma.getCamera().animatedReset({ duration: 120 });
  }

  end(): void {
    cancelAnimationFrame(this.frame);
    this.sigma.kill();
  }

  private run(layout: BoundedLayout): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) while (layout.step());
    else if (layout.step()) this.frame = requestAnimationFrame(() => this.run(layout));
  }

  private nodeAs(node: string, data: Record<string, unknown>): Record<string, unknown> {
    if (this.chosen === null) return data;
    if (node === this.chosen)
      return { ...data, highlighted: false, forceLabel: true, zIndex: 2, size: Number(data["size"]) + 3 };
    if (this.near.has(node)) return { ...data, forceLabel: true, zIndex: 1 };
    return { ...data, color: this.colours.faded, label: "" };
  }

  private edgeAs(edge: string, data: Record<string, unknown>): Record<string, unknown> {
    if (this.chosen === null) return { ...data, label: "" };
    const touches = this.graph.hasExtremity(edge, this.chosen);
    if (!touches) return { ...data, hidden: true };
    // Around a feature all edges are of its kind: their bits are enough.
    const label = this.graph.getNodeAttribute(this.chosen, "feature") ? data["bits"] : data["label"];
    return { ...data, label, forceLabel: true };
  }
}

function graphologyOf(model: GraphModel, colours: Colours): Graph {
  const graph = new Graph({ multi: true, type: "undirected" });
  for (const node of model.nodes) {
    graph.addNode(node.id, {
      label: node.label,
      color: colours.nodes[node.kind],
      size: sizeOf(node.kind, node.bits),
      feature: node.kind === "feature",
    });
  }
  for (const edge of model.edges) {
    graph.addEdgeWithKey(edge.id, edge.source, edge.target, {
      label: edge.label,
      bits: edge.bits.toFixed(1),
      color: colours.edges[edge.kind],
      size: edge.kind === "membership" ? 0.6 : Math.max(1.2, Math.min(6, edge.bits / 6)),
      weight: Math.max(0.2, edge.bits / 10),
    });
  }
  return graph;
}

function sizeOf(kind: NodeKind, bits: number): number {
  if (kind === "group") return 11;
  if (kind === "member") return 8;
  return kind === "address" ? 5 : Math.max(4.5, Math.min(8, bits / 10));
}
