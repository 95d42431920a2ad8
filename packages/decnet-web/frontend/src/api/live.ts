// SPDX-License-Identifier: MIT
/**
 * One connection to /api/v1/stream for the whole page. It is open while something listens, resumes with Last-Event-ID
 * (so nothing is missed or shown twice), and is closed while the tab is hidden: HTTP/1.1 gives a browser six connections
 * to a server, which tabs in the background would use up, and a forgotten tab must let `api` and `web` park.
 */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { EventParser, type Message } from "./sse";

export type LiveState = "idle" | "connecting" | "live" | "offline";

const STREAM = "/api/v1/stream";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const HIDDEN_MS = 20_000;

type Listener = (messages: readonly Message[]) => void;

/** `skipped`: messages were left out; `ended`: the session is over. */
export type Order = "skipped" | "ended";

export class Live {
  state: LiveState = "idle";
  private lastId = "";
  private waits = 0;
  private abort: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private readonly followers = new Set<(order: Order) => void>();

  constructor(private readonly fetcher: typeof fetch = (...call) => fetch(...call)) {}

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.abort === null) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.disconnect();
    };
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Be told of orders; does not open the connection. */
  obey(follower: (order: Order) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  /** Connect at once instead of after the wait, e.g. because the browser says that it is online. */
  now(): void {
    if (this.listeners.size > 0 && this.state !== "live") {
      this.waits = 0;
      this.disconnect();
      this.connect();
    }
  }

  disconnect(): void {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = null;
    this.become("idle");
  }

  private deliver(messages: readonly Message[]): void {
    const orders = messages.map((one) => one.event).filter((event) => event === "skipped" || event === "ended");
    for (const order of new Set(orders)) this.order(order);
    for (const listener of this.listeners) listener(messages);
  }

  private order(order: Order): void {
    for (const follower of this.followers) follower(order);
  }

  private become(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }

  private connect(): void {
    const abort = new AbortController();
    this.abort = abort;
    if (this.state !== "offline") this.become("connecting");
    void this.read(abort.signal).then((wait) => {
      if (abort.signal.aborted) return;
      this.become("offline");
      this.timer = setTimeout(() => this.connect(), wait ?? this.backoff());
    });
  }

  private backoff(): number {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.waits++);
    return longest * (0.5 + Math.random() / 2); // spread, so that all pages do not come back in the same moment
  }

  private async read(signal: AbortSignal): Promise<number | null> {
    const parser = new EventParser(this.lastId);
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastId !== "") headers["Last-Event-ID"] = this.lastId;
      const response = await this.fetcher(STREAM, { headers, signal, credentials: "same-origin", cache: "no-store" });
      if (response.status === 401) this.order("ended");
      if (!response.ok || response.body === null) return null;
      this.waits = 0;
      this.become("live");
      const reader = response.body
        .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
        .getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return parser.retry;
        const messages = parser.feed(value);
        this.lastId = parser.lastId;
        if (messages.length === 0) continue;
        this.deliver(messages);
      }
    } catch {
      return null;
    }
  }
}

export const live = new Live();

/** Follow the browser: offline, online, hidden for a while. */
export function followBrowser(): void {
  let hidden: ReturnType<typeof setTimeout> | undefined;
  addEventListener("online", () => live.now());
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(() => live.disconnect(), HIDDEN_MS);
    else live.now();
  });
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.watch, () => live.state);
}

/** Calls `handle` with the messages of the stream while the component is shown and `on`. */
export function useLive(handle: (messages: readonly Message[]) => void, on = true): void {
  const latest = useEffectEvent(handle);
  useEffect(() => (on ? live.listen((messages) => latest(messages)) : undefined), [on]);
}

/** Calls `handle` with the orders of the stream; while nothing else listens there is no stream and no order. */
export function useLiveOrders(handle: (order: Order) => void): void {
  const latest = useEffectEvent(handle);
  useEffect(() => live.obey((order) => latest(order)), []);
}
