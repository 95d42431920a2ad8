// SPDX-License-Identifier: MIT
/** The network that an address is in, as text such as 10.20.0.0/24. */

const USUAL = { v4: 24, v6: 64 };

/** Return the network of an address; without a prefix length, of the usual one: /24, or /64 for IPv6. */
export function networkOf(address: string, prefixLength?: number | null): string {
  const bytes = parse(address);
  if (!bytes) return address;
  const length = prefixLength ?? (bytes.length === 4 ? USUAL.v4 : USUAL.v6);
  const masked = bytes.map((byte, index) => byte & mask(length - 8 * index));
  return `${bytes.length === 4 ? masked.join(".") : v6Text(masked)}/${length}`;
}

function mask(bits: number): number {
  if (bits >= 8) return 0xff;
  return bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function parse(address: string): number[] | null {
  return address.includes(":") ? parseV6(address) : parseV4(address);
}

function parseV4(address: string): number[] | null {
  const parts = address.split(".");
  const bytes = parts.map(Number);
  const good = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part)) && bytes.every((byte) => byte < 256);
  return good ? bytes : null;
}

function parseV6(address: string): number[] | null {
  const [head, tail, more] = address.split("::");
  if (more !== undefined) return null;
  const groups = (text: string | undefined) => (text ? text.split(":") : []);
  const [first, last] = [groups(head), groups(tail)];
  const missing = 8 - first.length - last.length;
  if (tail === undefined ? missing !== 0 : missing < 0) return null;
  const words = [...first, ...Array<string>(missing).fill("0"), ...last];
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  return words.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 0xff]);
}

/** Return the canonical text of RFC 5952: the longest run of zero groups, of at least two, as `::`. */
function v6Text(bytes: readonly number[]): string {
  const words = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  let [best, length] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && words[end] === 0) end++;
    if (end - start > length) [best, length] = [start, end - start];
  }
  const text = words.map((word) => word.toString(16));
  if (best < 0) return text.join(":");
  return `${text.slice(0, best).join(":")}::${text.slice(best + length).join(":")}`;
}
