// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { differing } from "./differing";

const BEFORE = {
  name: "web",
  addresses: ["10.0.0.5"],
  services: { ssh: 22, http: 80 } as object | null,
  persona: "nas" as string | null,
};

test("only what differs is asked for", () => {
  expect(differing(BEFORE, { ...BEFORE, addresses: ["10.0.0.6"] })).toEqual({ addresses: ["10.0.0.6"] });
  expect(differing(BEFORE, { ...BEFORE, services: { http: 80, ssh: 22 } })).toEqual({});
});

test("an empty field stays as it is", () => {
  expect(differing(BEFORE, { ...BEFORE, services: null, persona: null, addresses: [] })).toEqual({});
});
