// SPDX-License-Identifier: MIT
/** The kinds of canaries in groups, as the gallery shows them. */

export const GROUPS = ["links", "documents", "credentials", "windows"] as const;
export type Group = (typeof GROUPS)[number];

const OF: Readonly<Record<string, Group>> = {
  ...group("links", "url webbug dns redirect qr cloned-site"),
  ...group("documents", "docx xlsx pptx pdf html svg ics vcard sql"),
  ...group("windows", "windows-folder windows-shortcut"),
};

function group(name: Group, kinds: string): Record<string, Group> {
  return Object.fromEntries(kinds.split(" ").map((kind) => [kind, name]));
}

/** All that is neither link nor document is something to log in with. */
export function groupOf(kind: string): Group {
  return OF[kind] ?? "credentials";
}

interface Described {
  kind: string;
  trips: string;
  reveals: string;
}

/** The kinds that have all `words` in their description, by group; groups without any are left out. */
export function inGroups<Kind extends Described>(kinds: readonly Kind[], words: string): [Group, Kind[]][] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = kinds.filter((one) => {
    const text = `${one.kind} ${one.trips} ${one.reveals}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  return GROUPS.map((name): [Group, Kind[]] => [name, found.filter((one) => groupOf(one.kind) === name)]).filter(
    ([, members]) => members.length > 0,
  );
}
