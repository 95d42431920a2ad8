// SPDX-License-Identifier: MIT
/** What people type into one field, as the API takes it. */

/** `a, b c` as three words. */
export function words(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** `ssh=22, http` as ports by service; null: the usual port. Throws RangeError for what is no port. */
export function pairs(text: string): Record<string, number | null> {
  return Object.fromEntries(
    words(text.replace(/\s*=\s*/g, "=")).map((word) => {
      const [service = "", port] = word.split("=");
      if (port === undefined) return [service, null];
      if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) throw new RangeError(word);
      return [service, Number(port)];
    }),
  );
}

/** Services as the API takes them: ports by service when each has one, names when none has; undefined for none. */
export function services(text: string): Record<string, number> | string[] | undefined {
  const found = Object.entries(pairs(text));
  if (found.length === 0) return undefined;
  const ports = found.filter((each): each is [string, number] => each[1] !== null);
  if (ports.length === found.length) return Object.fromEntries(ports);
  if (ports.length === 0) return found.map(([name]) => name);
  throw new RangeError(found.find(([, port]) => port === null)?.[0] ?? text);
}
