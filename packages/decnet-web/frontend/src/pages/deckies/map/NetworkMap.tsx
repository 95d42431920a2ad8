// SPDX-License-Identifier: MIT
/** The map of the network: who attacks which decky, network by network. Lists of links over a picture of lines. */
import { Link } from "@tanstack/react-router";
import { useLayoutEffect, useRef, useState } from "react";
import { formatNumber, t, tn } from "@/app/i18n";
import { layout, type Box, type MapDecky, type Traffic } from "./layout";
import styles from "./NetworkMap.module.css";

export type Mood = "good" | "bad" | "busy" | "off";

export interface Shown extends MapDecky {
  mood: Mood;
  /** The state in words. */
  state: string;
  /** Such as ssh 22. */
  ports: string[];
  /** Events in the time that is shown. */
  events: number;
}

interface Props {
  deckies: Shown[];
  traffic: (Traffic & { live: boolean })[];
}

const MOST_PORTS = 3;

export function NetworkMap({ deckies, traffic }: Props) {
  const [frame, width] = useWidth();
  const [chosen, choose] = useState<string | null>(null);
  const found = layout(deckies, traffic, width);
  const shown = new Map(deckies.map((one) => [one.name, one]));
  const live = new Set(traffic.filter((one) => one.live).map((one) => `${one.attacker} ${one.decky}`));
  const isChosen = (attacker: string, decky: string) => chosen === null || chosen === attacker || chosen === decky;
  const pointing = (name: string) => ({
    onMouseEnter: () => choose(name),
    onMouseLeave: () => choose(null),
    onFocus: () => choose(name),
    onBlur: () => choose(null),
  });
  return (
    <div ref={frame} className={styles.map}>
      <div className={styles.canvas} style={{ height: found.height }}>
        <svg className={styles.lines} width={found.width} height={found.height} aria-hidden="true">
          {found.lines.map((line) => (
            <path
              key={`${line.attacker} ${line.decky}`}
              d={line.path}
              strokeWidth={line.width}
              data-live={live.has(`${line.attacker} ${line.decky}`)}
              data-dim={!isChosen(line.attacker, line.decky) || (found.narrow && chosen === null)}
            />
          ))}
        </svg>
        {found.attackers.length > 0 && (
          <ul aria-label={t("deckies.map.attackers")}>
            {found.attackers.map((one) => (
              <li key={one.address} className={styles.place} style={at(one)}>
                <Link
                  to={"/attackers/$ip" as never}
                  params={{ ip: one.address } as never}
                  className={styles.attacker}
                  {...pointing(one.address)}
                >
                  <span className={styles.address}>{one.address}</span>
                  <span className={styles.count}>{tn("deckies.map.events", one.events)}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {found.networks.map((network) => (
          <section key={network.name} aria-label={t("deckies.map.network", { name: network.name })}>
            <div className={styles.network} style={at(network)} />
            <div className={styles.title} style={{ left: network.x, top: network.y, width: network.width }}>
              <h2>{network.name}</h2>
              <span>{tn("deckies.map.count", network.deckies.length)}</span>
            </div>
            <ul>
              {network.deckies.map((box) => (
                <li key={box.name} className={styles.place} style={at(box)}>
                  <Card one={shown.get(box.name)!} small={!found.asCards} pointing={pointing(box.name)} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      {found.moreAttackers > 0 && (
        <p className={styles.more}>
          <Link to={"/attackers" as never}>{tn("deckies.map.more", found.moreAttackers)}</Link>
        </p>
      )}
    </div>
  );
}

function Card({ one, small, pointing }: { one: Shown; small: boolean; pointing: object }) {
  const words = t("deckies.map.words", {
    name: one.name,
    address: one.address,
    state: one.state,
    events: tn("deckies.map.events", one.events),
  });
  const target = { to: "/deckies/$name" as const, params: { name: one.name } };
  if (small) {
    return (
      <Link {...target} className={styles.cell} data-mood={one.mood} aria-label={words} title={words} {...pointing} />
    );
  }
  return (
    <Link {...target} className={styles.card} data-mood={one.mood} {...pointing}>
      <span className={styles.head}>
        <span className={styles.dot} aria-hidden="true" />
        <strong>{one.name}</strong>
        {one.events > 0 && <span className={styles.badge}>{formatNumber(one.events)}</span>}
      </span>
      <span className={styles.address}>{one.address}</span>
      <span className={styles.ports}>
        {one.ports.slice(0, MOST_PORTS).map((port) => (
          <span key={port}>{port}</span>
        ))}
        {one.ports.length > MOST_PORTS && <span>+{one.ports.length - MOST_PORTS}</span>}
        <span className="hidden-visually">{one.state}</span>
      </span>
    </Link>
  );
}

function at(box: Box) {
  return { left: box.x, top: box.y, width: box.width, height: box.height };
}

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(960);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [frame, width];
}
