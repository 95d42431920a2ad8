// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { wakerWords } from "./worker";

test("what woke a worker is told in words, the subject of a message as it is", () => {
  expect(wakerWords("client")).toBe("a client");
  expect(wakerWords("with web")).toBe("web, with which it starts");
  expect(wakerWords("events.ingested")).toBe("events.ingested");
});
