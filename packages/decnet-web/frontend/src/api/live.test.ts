// SPDX-License-Identifier: MIT
import { expect, test, vi } from "vitest";
import { Live, type Order } from "./live";
import type { Message } from "./sse";

/** A server: each connection is answered by what `answers` gives next; requests are kept. */
function server(...answers: (() => Response)[]) {
  const requests: Headers[] = [];
  const fetcher = vi.fn((_url: unknown, init?: RequestInit) => {
    requests.push(new Headers(init?.headers));
    const answer = answers.shift();
    if (answer === undefined) return new Promise<Response>(() => undefined);
    return Promise.resolve(answer());
  });
  return { requests, live: new Live(fetcher as unknown as typeof fetch) };
}

function stream(text: string, open = false): () => Response {
  return () =>
    new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(text));
          if (!open) controller.close();
        },
      }),
    );
}

test("after a break it goes on after the last message", async () => {
  vi.useFakeTimers();
  const { live, requests } = server(
    stream("retry: 10\nid: n1e5\nevent: event\ndata: {}\n\n"),
    stream("id: n1e6\ndata: {}\n\n", true),
  );
  const got: Message[] = [];
  const end = live.listen((messages) => got.push(...messages));
  await vi.waitFor(() => expect(live.state).toBe("offline"));
  await vi.advanceTimersByTimeAsync(20);
  await vi.waitFor(() => expect(got.map((one) => one.id)).toEqual(["n1e5", "n1e6"]));
  expect(requests.map((one) => one.get("Last-Event-ID"))).toEqual([null, "n1e5"]);
  expect(live.state).toBe("live");
  end();
  expect(live.state).toBe("idle");
  vi.useRealTimers();
});

test("all listeners share one connection, the last one closes it", () => {
  const { live, requests } = server();
  const ends = [live.listen(() => undefined), live.listen(() => undefined)];
  expect(requests).toHaveLength(1);
  for (const end of ends) end();
  expect(live.state).toBe("idle");
});

test("orders of the server are passed on, and a refused session is one", async () => {
  vi.useFakeTimers();
  const { live } = server(
    stream('retry: 5\nid: n1e1\nevent: skipped\ndata: {"reason":"slow"}\n\n'),
    () => new Response("{}", { status: 401 }),
  );
  const orders: Order[] = [];
  live.obey((order) => orders.push(order));
  const end = live.listen(() => undefined);
  await vi.waitFor(() => expect(orders).toEqual(["skipped"]));
  await vi.advanceTimersByTimeAsync(10);
  await vi.waitFor(() => expect(orders).toEqual(["skipped", "ended"]));
  end();
  vi.useRealTimers();
});
