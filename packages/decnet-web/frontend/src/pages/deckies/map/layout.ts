// SPDX-License-Identifier: MIT
/**
 * Where the parts of the network map are drawn: attackers in a column on the left, each network a box on the right with
 * its deckies in it, and a line for what an attacker did to a decky. On a narrow screen the attackers are a row above.
 *
 * Up to MOST_CARDS deckies are cards with name, address and services; of more, each is a small square, so that a
 * network of thousands still fits. Pure: lengths are pixels, nothing is measured.
 */

export interface MapDecky {
  name: string;
  address: string;
  network: string;
  services: number;
}

export interface Traffic {
  attacker: string;
  decky: string;
  events: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DeckyBox extends Box {
  name: string;
}

export interface NetworkBox extends Box {
  name: string;
  deckies: DeckyBox[];
}

export interface AttackerBox extends Box {
  address: string;
  events: number;
}

export interface Line {
  attacker: string;
  decky: string;
  events: number;
  path: string;
  /** Stroke width in pixels, from the logarithm of the number of events. */
  width: number;
}

export interface MapLayout {
  width: number;
  height: number;
  asCards: boolean;
  /** The attackers are above, so lines would cross the cards: draw only those of what is pointed at. */
  narrow: boolean;
  attackers: AttackerBox[];
  /** How many attackers are not drawn. */
  moreAttackers: number;
  networks: NetworkBox[];
  lines: Line[];
}

export const MOST_CARDS = 60;
export const MOST_ATTACKERS = 12;

const NARROW = 640;
const MARGIN = 8;
const GAP = 12;
const HEADER = 34;
const PADDING = 14;
const CARD = { width: 190, height: 76 };
const CELL = { width: 16, height: 16 };
const CELL_GAP = 4;
const ATTACKER = { width: 190, height: 46 };
const CHANNEL = 96;

/** Return the layout of a map that is `width` pixels wide. */
export function layout(deckies: readonly MapDecky[], traffic: readonly Traffic[], width: number): MapLayout {
  const asCards = deckies.length <= MOST_CARDS;
  const drawn = new Set(deckies.map((one) => one.name));
  const sources = attackersOf(traffic.filter((one) => drawn.has(one.decky)));
  const shown = sources.slice(0, MOST_ATTACKERS);
  const narrow = width < NARROW;
  const attackers = narrow ? row(shown, width) : column(shown);
  const beside = shown.length > 0 && !narrow;
  const left = beside ? MARGIN + ATTACKER.width + CHANNEL : MARGIN;
  const top = narrow && attackers.length > 0 ? bottomOf(attackers) + CHANNEL / 2 : MARGIN;
  const networks = networkBoxes(deckies, { x: left, y: top, width: width - left - MARGIN }, asCards);
  const height = Math.max(bottomOf(attackers), bottomOf(networks)) + MARGIN;
  if (beside) {
    sortByTargets(attackers, networks, traffic);
    spread(attackers, height);
  }
  return {
    width,
    height,
    asCards,
    narrow,
    attackers,
    moreAttackers: sources.length - shown.length,
    networks,
    lines: linesBetween(attackers, networks, traffic, narrow),
  };
}

function attackersOf(traffic: readonly Traffic[]): { address: string; events: number }[] {
  const events = new Map<string, number>();
  for (const one of traffic) events.set(one.attacker, (events.get(one.attacker) ?? 0) + one.events);
  return [...events]
    .map(([address, count]) => ({ address, events: count }))
    .sort((a, b) => b.events - a.events || a.address.localeCompare(b.address));
}

function column(sources: readonly { address: string; events: number }[]): AttackerBox[] {
  return sources.map((one, index) => ({ ...one, x: MARGIN, y: MARGIN + index * (ATTACKER.height + GAP), ...ATTACKER }));
}

function row(sources: readonly { address: string; events: number }[], width: number): AttackerBox[] {
  const columns = Math.max(1, Math.floor((width - 2 * MARGIN + GAP) / (ATTACKER.width + GAP)));
  const each = (width - 2 * MARGIN - (columns - 1) * GAP) / columns;
  return sources.map((one, index) => ({
    ...one,
    x: MARGIN + (index % columns) * (each + GAP),
    y: MARGIN + Math.floor(index / columns) * (ATTACKER.height + GAP),
    width: each,
    height: ATTACKER.height,
  }));
}

/** Put each attacker of the column near what it attacks, so that few lines cross: by the mean height of its targets. */
function sortByTargets(attackers: AttackerBox[], networks: readonly NetworkBox[], traffic: readonly Traffic[]): void {
  const heights = new Map(networks.flatMap((network) => network.deckies.map((one) => [one.name, one.y] as const)));
  const sums = new Map<string, { y: number; events: number }>();
  for (const one of traffic) {
    const y = heights.get(one.decky);
    if (y === undefined) continue;
    const before = sums.get(one.attacker) ?? { y: 0, events: 0 };
    sums.set(one.attacker, { y: before.y + y * one.events, events: before.events + one.events });
  }
  const mean = ({ address }: AttackerBox) => {
    const sum = sums.get(address);
    return sum ? sum.y / Math.max(1, sum.events) : 0;
  };
  attackers.sort((a, b) => mean(a) - mean(b));
  attackers.forEach((one, index) => (one.y = MARGIN + index * (ATTACKER.height + GAP)));
}

/** Centre the column of attackers beside what they attack. */
function spread(attackers: AttackerBox[], height: number): void {
  const used = bottomOf(attackers) - MARGIN;
  const offset = Math.max(0, (height - 2 * MARGIN - used) / 2);
  for (const one of attackers) one.y += offset;
}

function networkBoxes(
  deckies: readonly MapDecky[],
  place: { x: number; y: number; width: number },
  asCards: boolean,
): NetworkBox[] {
  let y = place.y;
  return byNetwork(deckies).map(([name, members]) => {
    const box = networkBox(name, members, { ...place, y }, asCards);
    y += box.height + GAP;
    return box;
  });
}

function networkBox(
  name: string,
  members: readonly MapDecky[],
  place: { x: number; y: number; width: number },
  asCards: boolean,
): NetworkBox {
  const size = asCards ? CARD : CELL;
  const gap = asCards ? GAP : CELL_GAP;
  const inner = Math.max(size.width, place.width - 2 * PADDING);
  const columns = Math.max(1, Math.floor((inner + gap) / (size.width + gap)));
  const used = Math.min(columns, members.length);
  const each = asCards && used === columns ? (inner - (columns - 1) * gap) / columns : size.width;
  const boxes = members.map((one, index) => ({
    name: one.name,
    x: place.x + PADDING + (index % columns) * (each + gap),
    y: place.y + HEADER + Math.floor(index / columns) * (size.height + gap),
    width: each,
    height: size.height,
  }));
  const rows = Math.ceil(members.length / columns);
  const height = HEADER + rows * size.height + (rows - 1) * gap + PADDING;
  return { name, x: place.x, y: place.y, width: place.width, height, deckies: boxes };
}

/** Group deckies by network, networks by name, deckies in the order of their addresses. */
export function byNetwork<Member extends { name: string; address: string; network: string }>(
  deckies: readonly Member[],
): [string, Member[]][] {
  const groups = new Map<string, Member[]>();
  for (const one of deckies) {
    const members = groups.get(one.network);
    if (members) members.push(one);
    else groups.set(one.network, [one]);
  }
  const order = new Intl.Collator("en", { numeric: true });
  for (const members of groups.values()) {
    members.sort((a, b) => order.compare(a.address, b.address) || order.compare(a.name, b.name));
  }
  return [...groups].sort(([a], [b]) => order.compare(a, b));
}

function linesBetween(
  attackers: readonly AttackerBox[],
  networks: readonly NetworkBox[],
  traffic: readonly Traffic[],
  narrow: boolean,
): Line[] {
  const from = new Map(attackers.map((one) => [one.address, one]));
  const to = new Map(networks.flatMap((network) => network.deckies.map((one) => [one.name, one] as const)));
  const merged = new Map<string, Traffic>();
  for (const one of traffic) {
    const key = `${one.attacker} ${one.decky}`;
    merged.set(key, { ...one, events: one.events + (merged.get(key)?.events ?? 0) });
  }
  return [...merged.values()].flatMap((one) => {
    const source = from.get(one.attacker);
    const target = to.get(one.decky);
    if (!source || !target) return [];
    const path = narrow ? downwards(source, target) : sideways(source, target);
    return [{ ...one, path, width: Math.min(6, 1 + Math.log10(Math.max(1, one.events)) * 1.5) }];
  });
}

function sideways(source: Box, target: Box): string {
  const [x1, y1] = [source.x + source.width, source.y + source.height / 2];
  const [x2, y2] = [target.x, target.y + target.height / 2];
  const bend = Math.max(CHANNEL / 2, (x2 - x1) / 2);
  return `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`;
}

function downwards(source: Box, target: Box): string {
  const [x1, y1] = [source.x + source.width / 2, source.y + source.height];
  const [x2, y2] = [target.x + target.width / 2, target.y];
  const bend = Math.max(20, (y2 - y1) / 2);
  return `M${round(x1)} ${round(y1)}C${round(x1)} ${round(y1 + bend)} ${round(x2)} ${round(y2 - bend)} ${round(x2)} ${round(y2)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function bottomOf(boxes: readonly Box[]): number {
  return boxes.reduce((bottom, one) => Math.max(bottom, one.y + one.height), 0);
}
