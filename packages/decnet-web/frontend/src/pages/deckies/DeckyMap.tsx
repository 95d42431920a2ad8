// SPDX-License-Identifier: MIT
/** The map of the network with its legend: the deckies of the API joined with who attacked them. */
import { t } from "@/app/i18n";
import { useNow } from "@/components/show/now";
import { millis } from "@/components/show/times";
import { addressWords, moodOf, networkOfDecky, serviceWords, stateWords, type Decky } from "./decky";
import { NetworkMap, type Shown } from "./map/NetworkMap";
import { eventsByDecky, type Attack } from "./traffic";
import styles from "./DeckyMap.module.css";

const LIVE_MS = 60_000;
const MOODS = ["good", "busy", "bad", "off"] as const;

export function DeckyMap({ deckies, traffic }: { deckies: readonly Decky[]; traffic: readonly Attack[] }) {
  const now = useNow();
  const events = eventsByDecky(traffic);
  const shown: Shown[] = deckies.map((one) => ({
    name: one.name,
    address: addressWords({ ...one, addresses: one.addresses.slice(0, 1) }),
    network: networkOfDecky(one),
    services: one.services.length,
    mood: moodOf(one),
    state: stateWords(one),
    ports: one.services.map(serviceWords),
    events: events.get(one.name) ?? 0,
  }));
  const lines = traffic.map((one) => ({ ...one, live: now - (millis(one.last_seen) ?? 0) < LIVE_MS }));
  return (
    <div className={styles.frame}>
      <NetworkMap deckies={shown} traffic={lines} />
      <ul className={styles.legend}>
        {MOODS.map((mood) => (
          <li key={mood} data-mood={mood}>
            {t(`deckies.legend.${mood}`)}
          </li>
        ))}
        <li data-mood="live">{traffic.length > 0 ? t("deckies.legend.live") : t("deckies.map.quiet")}</li>
      </ul>
    </div>
  );
}
