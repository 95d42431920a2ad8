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

const quoted = (text: string) => JSON.stringify(text); // JSON's escapes are a part of TOML's
const list = (values: readonly string[]) => `[${values.map(quoted).join(", ")}]`;

export interface Wished {
  name: string;
  addresses: string;
  runtime: string;
  persona: string;
  image: string;
  interface: string;
  gateway: string;
  services: string;
  host_name: string;
}

/** A decky's form as a `[[decky]]` table of a document. Throws RangeError as `pairs` does. */
export function table(wished: Wished): string {
  const lines = ["[[decky]]", `name = ${quoted(wished.name.trim())}`];
  const text = (key: "persona" | "image" | "runtime" | "interface" | "host_name") => {
    if (wished[key].trim()) lines.push(`${key} = ${quoted(wished[key].trim())}`);
  };
  text("host_name");
  text("persona");
  text("image");
  text("runtime");
  text("interface");
  lines.push(`addresses = ${list(words(wished.addresses))}`);
  if (wished.gateway.trim()) lines.push(`gateways = ${list(words(wished.gateway))}`);
  const services = Object.entries(pairs(wished.services));
  if (services.some(([, port]) => port === null)) lines.push(`services = ${list(services.map(([name]) => name))}`);
  else if (services.length > 0) {
    lines.push(`services = { ${services.map(([name, port]) => `${quoted(name)} = ${port}`).join(", ")} }`);
  }
  return `${lines.join("\n")}\n`;
}
