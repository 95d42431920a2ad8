// SPDX-License-Identifier: MIT
/** A decky as pages show it: where it is, what it offers, how it is. */
import type { Item } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import type { Tone } from "@/components/show/badge";
import type { Mood } from "./map/NetworkMap";
import { networkOf } from "./map/networks";

export type Decky = Item<"/api/v1/deckies">;
type Place = Pick<Decky, "addresses" | "dhcp">;

/** `running`, `failed`, `starting`, `stopping`, `absent`, `unseen`, `outdated`, `removing` or `settings`. */
export function conditionOf(one: Pick<Decky, "actual" | "wanted" | "version" | "from_settings">): string {
  if (one.from_settings) return "settings";
  if (!one.wanted) return "removing";
  if (!one.actual) return "unseen";
  if (one.actual.phase === "running" && one.actual.version !== one.version) return "outdated";
  return one.actual.phase;
}

const MOODS: Readonly<Record<string, Mood>> = {
  running: "good",
  settings: "good",
  failed: "bad",
  absent: "off",
  unseen: "off",
};
const TONES: Readonly<Record<Mood, Tone>> = { good: "good", bad: "bad", busy: "warn", off: "neutral" };

export function moodOf(one: Parameters<typeof conditionOf>[0]): Mood {
  return MOODS[conditionOf(one)] ?? "busy";
}

export function toneOf(one: Parameters<typeof conditionOf>[0]): Tone {
  return TONES[moodOf(one)];
}

export function stateWords(one: Parameters<typeof conditionOf>[0]): string {
  const condition = conditionOf(one);
  if (condition === "outdated") {
    return t("deckies.state.outdated", { version: String(one.actual?.version ?? 0), wanted: String(one.version) });
  }
  return tv("deckies.state", condition);
}

export function addressWords({ addresses, dhcp }: Place): string {
  const words = addresses.map((each) => each.address + (each.prefix_length === null ? "" : `/${each.prefix_length}`));
  if (!dhcp) return words.join(", ");
  return words.length > 0 ? `${words.join(", ")} (dhcp)` : "dhcp";
}

/** The network that the map draws a decky in: that of its first address. */
export function networkOfDecky({ addresses, dhcp }: Place): string {
  const [first] = addresses;
  if (!first) return dhcp ? "dhcp" : "–";
  return networkOf(first.address, first.prefix_length);
}

interface Service {
  service: string;
  port: number;
  transport?: string;
}

export function serviceWords(one: Service): string {
  return `${one.service} ${one.port}${one.transport === "udp" ? "/udp" : ""}`;
}
