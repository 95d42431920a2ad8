// SPDX-License-Identifier: MIT
import type uPlotType from "uplot";
import { zoneName } from "@/components/show/times";

interface Drawing {
  times: readonly number[];
  values: readonly number[];
  /** How long a bar is, in seconds. */
  step: number;
  height: number;
  zone: string;
  format: (value: number) => string;
  onHover: (index: number | null, left: number) => void;
  onRange?: (from: number, to: number) => void;
}

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(): uPlotType.Axis {
  return {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
}

// uPlot's own labels are of 12 hours; each row: from this step on, the label, then what stands below it when it changes.
const DAY = "\n{YYYY}-{MM}-{DD}";
const TICKS = [
  [86_400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", DAY, null, DAY, null, null, null, 1],
  [60, "{HH}:{mm}", DAY, null, DAY, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", DAY, null, DAY, null, null, null, 1],
] as unknown as uPlotType.Axis.Values;

/** From half a bar before the first to half a bar after the last; of a single one uPlot itself would say years. */
export function spanOf(times: readonly number[], step: number): [number, number] {
  return [(times[0] ?? 0) - step / 2, (times.at(-1) ?? 0) + step / 2];
}

/** Draw into `element`, follow its width, return what ends it. */
export function drawBars(uPlot: typeof uPlotType, element: HTMLElement, drawing: Drawing): () => void {
  const { times, values, step, height } = drawing;
  const fill = colour("--chart");
  const plot = new uPlot(
    {
      width: element.clientWidth || 300,
      height,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zoneName(drawing.zone)),
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: drawing.onRange !== undefined, y: false, setScale: false },
      },
      scales: {
        x: { time: true, range: () => spanOf(times, step) },
        y: { range: (_, _low, high) => [0, Math.max(1, high * 1.08)] },
      },
      axes: [
        { ...axis(), space: 70, size: 40, values: TICKS },
        {
          ...axis(),
          size: 44,
          space: 28,
          values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? drawing.format(tick) : "")),
        },
      ],
      series: [
        {},
        {
          fill,
          stroke: fill,
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars?.({ size: [0.78, 40], radius: 0.15 }) as uPlotType.Series.PathBuilder,
        },
      ],
      hooks: {
        setCursor: [
          (self) =>
            drawing.onHover(
              self.cursor.idx ?? null,
              Math.max(0, Math.min(self.cursor.left ?? 0, element.clientWidth - 190)),
            ),
        ],
        setSelect: [
          (self) => {
            if (self.select.width < 4) return;
            const [from, to] = [self.select.left, self.select.left + self.select.width].map((x) =>
              self.posToVal(x, "x"),
            );
            if (from !== undefined && to !== undefined) drawing.onRange?.(from, to);
          },
        ],
      },
    },
    [times as number[], values as number[]],
    element,
  );
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
  observer.observe(element);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}
