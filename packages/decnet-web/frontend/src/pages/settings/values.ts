// SPDX-License-Identifier: MIT
/** Which settings are shown, and their values as text. */

interface Setting {
  section: string;
  name: string;
  value?: unknown;
  origin: string;
  meaning: string;
}

export function valueText(value: unknown): string {
  return value === "" ? '""' : (JSON.stringify(value) ?? "");
}

/** The settings with all `words` in name, value or meaning; only `changed` ones are not the default. */
export function matching<One extends Setting>(settings: readonly One[], words: string, changed: boolean): One[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter((one) => {
    if (changed && one.origin === "default") return false;
    const text = `[${one.section}] ${one.name} ${valueText(one.value)} ${one.meaning}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
