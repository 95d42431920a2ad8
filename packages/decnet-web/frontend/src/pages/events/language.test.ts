// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { accepted, addressBits, matcher, pivot, suggestions, terms, type TailEvent } from "./language";

const event: TailEvent = {
  seq: 1,
  id: "x",
  ts: "2026-11-30T00:00:00Z",
  kind: "auth.attempt",
  src_ip: "203.0.113.9",
  decky: "web-01",
  session: "s1",
  sensor: "hq",
  dst_port: 22,
  summary: 'root tries "Secret: 1"',
};

test("terms are read with their places, quotation marks and minus", () => {
  expect(terms('kind:auth.attempt,http.request -src:10.0.0.0/8 "a \\"b\\" c" http://x')).toEqual([
    { at: 0, end: 30, excluded: false, field: "kind", values: ["auth.attempt", "http.request"] },
    { at: 31, end: 46, excluded: true, field: "src", values: ["10.0.0.0/8"] },
    { at: 47, end: 58, excluded: false, field: null, values: ['a "b" c'] },
    { at: 59, end: 67, excluded: false, field: null, values: ["http://x"] },
  ]);
});

test.each(["", "kind:", '"', "-", ":::", 'src:"', "a".repeat(5000), '"\\', "kind:a,,b \u0000"])(
  "%j ends and stays in bounds",
  (query) => {
    for (const { at, end } of terms(query)) expect(at < end && end <= query.length).toBe(true);
    matcher(query)(event);
  },
);

test.each([
  ["", true],
  ["kind:auth.attempt", true],
  ["kind:auth.*", true],
  ["kind:http.request", false],
  ["kind:http.request,auth.attempt", true],
  ["-kind:auth.*", false],
  ["src:203.0.113.0/24", true],
  ["source:203.0.113.9", true],
  ["src:203.0.114.0/24", false],
  ["src:2001:db8::/32", false],
  ["-decky:web-01", false],
  ["port:22 decky:web-01", true],
  ["port:2", false],
  ["SECRET", true],
  ['"secret: 1"', true],
  ["-secret", false],
  ["since:1h", true],
])("%j matches: %s", (query, expected) => {
  expect(matcher(query)(event)).toBe(expected);
});

test("addresses of both kinds have their bits, others none", () => {
  expect(addressBits("255.255.255.255")).toEqual({ value: 0xffffffffn, bits: 32 });
  expect(addressBits("::1")).toEqual({ value: 1n, bits: 128 });
  expect(addressBits("2001:db8::")?.value).toBe(0x20010db8n << 96n);
  for (const text of ["256.1.1.1", "1.2.3", "1::2::3", ":::", "12345::", "x", ""]) expect(addressBits(text)).toBeNull();
});

const words = {
  fields: ["kind", "src", "known", "since"],
  kinds: [{ kind: "auth.attempt", summary: "Somebody tried to log in." }],
};

test("what is offered is what can stand at the cursor", () => {
  const texts = (query: string, cursor = query.length) => suggestions(query, cursor, words).map((one) => one.text);
  expect(texts("k")).toEqual(["kind:", "known:"]);
  expect(texts("-k")).toEqual(["-kind:", "-known:"]);
  expect(texts("kind:au")).toEqual(["auth.attempt"]);
  expect(texts("kind:log")).toEqual(["auth.attempt"]);
  expect(texts("known:")).toEqual(["yes", "no"]);
  expect(texts('"kind:')).toEqual([]);
  expect(texts("src:1 k x", 7)).toEqual(["kind:", "known:"]);
});

test("an offer that is taken replaces the word at the cursor", () => {
  const [first] = suggestions("src:1 ki", 8, words);
  expect(accepted("src:1 ki", first!)).toEqual({ query: "src:1 kind:", cursor: 11 });
  const [value] = suggestions("kind:http.request,au", 20, words);
  expect(accepted("kind:http.request,au", value!)).toEqual({ query: "kind:http.request,auth.attempt ", cursor: 31 });
});

test("a pivot quotes what needs it", () => {
  expect(pivot("decky", "web-01")).toBe("decky:web-01");
  expect(pivot("session", 'a "b" c')).toBe('session:"a \\"b\\" c"');
  expect(terms(pivot("session", 'a "b\\" c'))[0]?.values).toEqual(['a "b\\" c']);
});
