// SPDX-License-Identifier: MIT
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^[0-9a-f]*:[0-9a-f:]+(?:\.\d+){0,3}$/i;
const SHA256 = /^[0-9a-f]{64}$/i;

/** How well `words` fit `text`: 0 not at all; the beginning counts more than the middle, that more than scattered letters. */
export function score(text: string, words: string): number {
  const wanted = text.trim().toLowerCase();
  const has = words.toLowerCase();
  if (wanted === "") return 1;
  if (has.startsWith(wanted)) return 4;
  if (has.split(/[\s:]+/).some((word) => word.startsWith(wanted))) return 3;
  if (has.includes(wanted)) return 2;
  let at = 0;
  for (const letter of wanted) {
    at = has.indexOf(letter, at) + 1;
    if (at === 0) return 0;
  }
  return wanted.length >= 3 ? 1 : 0;
}

export interface Target {
  kind: "none" | "text" | "address" | "hash";
  text: string;
  /** The same as a query for events. */
  query: string;
}

/** What a text is: an address or a hash has a page of its own; any text can be searched for. */
export function targetOf(typed: string): Target {
  const text = typed.trim();
  if (text === "") return { kind: "none", text, query: "" };
  if (IPV4.test(text) || IPV6.test(text)) return { kind: "address", text, query: `src:${text}` };
  if (SHA256.test(text)) return { kind: "hash", text: text.toLowerCase(), query: text.toLowerCase() };
  return { kind: "text", text, query: /[\s:"()]/.test(text) ? JSON.stringify(text) : text };
}
