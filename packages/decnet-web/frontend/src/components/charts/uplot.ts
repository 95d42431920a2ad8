// SPDX-License-Identifier: MIT
// A chunk of its own: loaded with the first chart.
import "uplot/dist/uPlot.min.css";
export { default as uPlot } from "uplot";
