// SPDX-License-Identifier: MIT
/**
 * The query language of the event log as the page needs it: where the cursor is (completion), and whether an event of the
 * live tail matches. What is right and wrong, and where, is the server's word (decnet.history.language).
 */
export interface Term {
  at: number;
  end: number;
  excluded: boolean;
  field: string | null;
  /** Without quotation marks. */
  values: readonly string[];
}

export interface TailEvent {
  seq: number;
  id: string;
  ts: string;
  kind: string;
  src_ip: string | null;
  decky: string | null;
  session?: string | null;
  sensor?: string;
  dst_port?: number | null;
  summary: string;
}

const TERM = /(-?)(?:([A-Za-z_]+):(?!\/\/))?("(?:[^"\\]|\\.)*"?|[^\s"]*)/y;
const ALIASES: Readonly<Record<string, string>> = {
  source: "src",
  attacker: "src",
  ip: "src",
  after: "since",
  before: "until",
};

/** The terms of a query as far as they can be read. */
export function terms(query: string): Term[] {
  const found: Term[] = [];
  let at = 0;
  while (at < query.length) {
    if (/\s/.test(query[at] ?? "")) {
      at += 1;
      continue;
    }
    TERM.lastIndex = at;
    const match = TERM.exec(query);
    const end = Math.max(at + 1, TERM.lastIndex);
    if (match) found.push(term(match, at, end));
    at = end;
  }
  return found;
}

function term(match: RegExpExecArray, at: number, end: number): Term {
  const [, minus = "", field, value = ""] = match;
  const name = field === undefined ? null : field.toLowerCase();
  const quoted = value.startsWith('"');
  const plain = quoted
    ? value.slice(1, value.length > 1 && value.endsWith('"') ? -1 : undefined).replace(/\\(.)/g, "$1")
    : value;
  const values = quoted || name === null ? [plain] : plain.split(",").filter((one) => one !== "");
  return { at, end, excluded: minus !== "", field: name === null ? null : (ALIASES[name] ?? name), values };
}

/** An address as a number and its number of bits; null for what is none. */
export function addressBits(text: string): { value: bigint; bits: 32 | 128 } | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    if (parts.some((part) => part > 255)) return null;
    return { value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), bits: 32 };
  }
  return ipv6Bits(text);
}

function ipv6Bits(text: string): { value: bigint; bits: 128 } | null {
  if (!text.includes(":") || !/^[0-9a-fA-F:]+$/.test(text)) return null;
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return null;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right];
  if (groups.some((group) => group === "" || group.length > 4)) return null;
  return { value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), bits: 128 };
}

function inNetwork(address: string | null, network: string): boolean {
  if (address === null) return false;
  const [base = "", prefix] = network.split("/");
  const wanted = addressBits(base);
  const given = addressBits(address);
  if (wanted === null || given === null || wanted.bits !== given.bits) return false;
  const length = prefix === undefined ? wanted.bits : Number(prefix);
  const rest = BigInt(Math.max(0, wanted.bits - length));
  return wanted.value >> rest === given.value >> rest;
}

type Test = (event: TailEvent, value: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  kind: (event, value) => (value.endsWith("*") ? event.kind.startsWith(value.slice(0, -1)) : event.kind === value),
  src: (event, value) => inNetwork(event.src_ip, value),
  decky: (event, value) => event.decky === value,
  session: (event, value) => event.session === value,
  sensor: (event, value) => event.sensor === value,
  port: (event, value) => String(event.dst_port ?? "") === value,
};

/** A test for events of the live tail; terms about times and known sources are the server's and hold here. */
export function matcher(query: string): (event: TailEvent) => boolean {
  const tests = terms(query).flatMap(({ field, values, excluded }) => {
    const wanted = values.map((value) => value.toLowerCase());
    const test = field === null ? undefined : TESTS[field];
    if (field === null) return [(event: TailEvent) => has(event, wanted[0] ?? "") !== excluded];
    if (test === undefined) return [];
    return [(event: TailEvent) => values.some((value) => test(event, value)) !== excluded];
  });
  return (event) => tests.every((test) => test(event));
}

function has(event: TailEvent, text: string): boolean {
  return `${event.kind}\n${event.src_ip ?? ""}\n${event.decky ?? ""}\n${event.summary}`.toLowerCase().includes(text);
}

export interface Vocabulary {
  fields: readonly string[];
  kinds: readonly { kind: string; summary: string }[];
}

export interface Suggestion {
  /** What replaces the characters from `from` to `to` of the query. */
  text: string;
  from: number;
  to: number;
  about: string;
}

const SPANS = ["1h", "24h", "7d", "30d"] as const;

/** What may stand where the cursor is. */
export function suggestions(query: string, cursor: number, { fields, kinds }: Vocabulary): Suggestion[] {
  const before = query.slice(0, cursor);
  const from = Math.max(before.lastIndexOf(" "), before.lastIndexOf("\t")) + 1;
  const word = before.slice(from);
  if (word.includes('"')) return [];
  const to = cursor + (/^\S*/.exec(query.slice(cursor))?.[0].length ?? 0);
  const minus = word.startsWith("-") ? "-" : "";
  const [name = "", value] = word.slice(minus.length).split(":", 2);
  if (value === undefined) {
    return fields
      .filter((field) => field.startsWith(name.toLowerCase()))
      .map((field) => ({ text: `${minus}${field}:`, from, to, about: "" }));
  }
  const field = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  const comma = word.lastIndexOf(",");
  const start = from + Math.max(comma, word.indexOf(":")) + 1;
  const typed = query.slice(start, cursor).toLowerCase();
  return valuesOf(field, kinds)
    .filter(
      ([text, about]) =>
        text.startsWith(typed) || (typed.length > 1 && (text.includes(typed) || about.toLowerCase().includes(typed))),
    )
    .map(([text, about]) => ({ text, from: start, to, about }));
}

function valuesOf(field: string, kinds: Vocabulary["kinds"]): readonly (readonly [string, string])[] {
  if (field === "kind") return kinds.map(({ kind, summary }) => [kind, summary] as const);
  if (field === "since" || field === "until") return SPANS.map((span) => [span, ""] as const);
  if (field === "known" || field === "synthetic")
    return [
      ["yes", ""],
      ["no", ""],
    ];
  return [];
}

/** Put a suggestion into the query; the cursor comes after it. */
export function accepted(query: string, { text, from, to }: Suggestion): { query: string; cursor: number } {
  const space = text.endsWith(":") || query[to] === " " ? "" : " ";
  return { query: query.slice(0, from) + text + space + query.slice(to), cursor: from + text.length + space.length };
}

/** `field:value` with quotation marks where they are needed. */
export function pivot(field: string, value: string): string {
  return `${field}:${/^[\w.:*/-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
}
