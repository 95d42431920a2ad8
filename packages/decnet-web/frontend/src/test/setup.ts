// SPDX-License-Identifier: MIT
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// jsdom has no layout: what measures elements gets an observer that never reports.
class SilentObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.scrollTo = () => undefined;
globalThis.ResizeObserver ??= SilentObserver as unknown as typeof ResizeObserver;
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {},
})) as unknown as typeof matchMedia;

afterEach(cleanup);

Element.prototype.scrollIntoView = () => undefined; // jsdom draws nothing that could be scrolled
