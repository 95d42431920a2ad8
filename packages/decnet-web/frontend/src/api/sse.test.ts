// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { EventParser } from "./sse";

test("messages come out however the text is cut", () => {
  const text = 'retry: 1000\nid: n1e1\nevent: event\ndata: {"a":1}\ndata: x\n\n: beat\n\nid: n1e2\r\ndata: y\r\n\r\n';
  for (const size of [1, 2, 7, text.length]) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.feed(text.slice(at, at + size)));
    expect(found).toEqual([
      { id: "n1e1", event: "event", data: '{"a":1}\nx' },
      { id: "n1e2", event: "message", data: "y" },
    ]);
    expect(parser.retry).toBe(1000);
  }
});

test("an id without data moves the position, one that was cut off does not", () => {
  const parser = new EventParser("n1e1");
  expect(parser.lastId).toBe("n1e1");
  expect(parser.feed("id: n2e2\n\n")).toEqual([]);
  expect(parser.lastId).toBe("n2e2");
  parser.feed("id: n3e3\ndata: half");
  expect(parser.lastId).toBe("n2e2");
});
