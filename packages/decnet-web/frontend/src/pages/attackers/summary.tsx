// SPDX-License-Identifier: MIT
/** Why the score is what it is, what the behaviour means, and where the attacker went. */

import type { CSSProperties, ReactElement, ReactNode } from "react";
import { t, tn } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { Pivot, shortDigest } from "@/components/pivot/pivot";
import { Badge } from "@/components/show/badge";
import { Card, Facts } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { duration } from "@/components/show/times";
import { CampaignLink, IdentityLink } from "./links";
import type { AttackerWhole } from "./one";
import { Origin, Verdict } from "./words";
import styles from "./attackers.module.css";

const STORIES = 3;

export function Summary({ whole }: { whole: AttackerWhole }): ReactElement {
  return (
    <div className={styles.columns}>
      <div className={styles.stack}>
        <ScoreCard whole={whole} />
        <Behaviour whole={whole} />
      </div>
      <div className={styles.stack}>
        <AtAGlance whole={whole} />
        <Stories whole={whole} />
        <Places whole={whole} />
      </div>
    </div>
  );
}

function ScoreCard({ whole: { attacker, terms } }: { whole: AttackerWhole }): ReactElement {
  return (
    <Card title={t("attacker.score.terms")}>
      <p className={styles.big}>
        <b>{attacker.score}</b>
        <span className="muted">/ 100</span>
      </p>
      {terms.length === 0 && <p className="muted">{t("attacker.score.none")}</p>}
      <ul className={styles.terms}>
        {terms.map((term) => (
          <li key={term.name}>
            <span>
              {term.name} <small>{term.reason}</small>
            </span>
            <span className={styles.bar} aria-hidden>
              <i
                className={term.points < 0 ? styles.less : undefined}
                style={{ "--share": Math.min(100, Math.abs(term.points) * 2.5) } as CSSProperties}
              />
            </span>
            <span className={styles.points}>{signed(term.points)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function signed(points: number): string {
  return points < 0 ? `−${-points}` : `+${points}`;
}

function Behaviour({ whole: { traits, rhythm, phases, tools, canary_hits } }: { whole: AttackerWhole }): ReactElement {
  return (
    <Card title={t("attacker.traits")}>
      <ul className={styles.list}>
        {traits.map((trait) => (
          <li key={trait.name}>
            <Badge tone="accent">{trait.name}</Badge>
            <p>{trait.reason}</p>
          </li>
        ))}
      </ul>
      {rhythm && (
        <Part title={t("attacker.rhythm")}>
          <p>
            {t(rhythm.gaps > 1 ? "attacker.rhythm.words" : "attacker.rhythm.two", {
              contacts: rhythm.gaps + 1,
              time: duration(rhythm.mean_seconds),
              jitter: Math.round(rhythm.jitter * 100),
            })}
          </p>
        </Part>
      )}
      <Part title={t("attacker.phases")}>
        <ol className={styles.path}>
          {phases.map((one) => (
            <li key={one.name}>
              <Badge bare>{one.name}</Badge> <small>{one.events}</small>
            </li>
          ))}
        </ol>
      </Part>
      {tools.length > 0 && (
        <Part title={t("attacker.tools")}>
          <ul className={styles.places}>
            {tools.map((one) => (
              <li key={one.name}>
                <Pivot value={one.name} search={{ tool: one.name }} what={t("pivot.tool")} />
                <small>{one.purpose}</small>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {canary_hits.length > 0 && (
        <Part title={t("attacker.canaries")}>
          <ul className={styles.places}>
            {canary_hits.map((hit) => (
              <li key={hit.seq}>
                <code>{shortDigest(hit.token)}</code>
                <span>{hit.channel}</span>
                <Moment value={hit.ts} show="absolute" />
              </li>
            ))}
          </ul>
        </Part>
      )}
    </Card>
  );
}

function AtAGlance({ whole }: { whole: AttackerWhole }): ReactElement {
  const { attacker } = whole;
  return (
    <Card title={t("attacker.facts")}>
      <Facts
        items={[
          [t("attacker.fact.first"), <Moment key="f" value={attacker.first_seen} />],
          [t("attacker.fact.last"), <Moment key="l" value={attacker.last_seen} />],
          [t("attacker.fact.origin"), <Origin key="o" of={attacker} />],
          [t("attacker.fact.verdict"), <Verdict key="v" value={attacker.verdict} />],
          [t("attackers.column.events"), attacker.events],
          [t("attackers.column.logins"), `${attacker.logins_accepted} / ${attacker.logins}`],
          [t("attacker.fact.identity"), <IdentityLink key="i" id={whole.identity} />],
          [t("attacker.fact.campaign"), <CampaignLink key="c" id={whole.campaign} />],
          ...whole.password_lists
            .map((one) => [t("attacker.fact.lists"), `${one.name}: ${one.reason}`] as const)
            .slice(0, 1),
        ]}
      />
    </Card>
  );
}

/** What the newest sessions were, each in a sentence that leads to it. */
function Stories({ whole: { stories } }: { whole: AttackerWhole }): ReactElement | null {
  if (stories.length === 0) return null;
  return (
    <Card title={t("attacker.stories")}>
      <ul className={styles.list}>
        {stories.slice(0, STORIES).map((one) => (
          <li key={one.session}>
            <p>{one.sentence}</p>
            <div>
              <Go to="/sessions/$session" params={{ session: one.session }}>
                {t("attacker.stories.open")}
              </Go>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Places({ whole: { deckies, services } }: { whole: AttackerWhole }): ReactElement {
  return (
    <Card title={t("attacker.deckies")}>
      <PlaceList places={deckies} by="decky" />
      <Part title={t("attacker.services")}>
        <PlaceList places={services} by="service" />
      </Part>
    </Card>
  );
}

function PlaceList({ places, by }: { places: AttackerWhole["deckies"]; by: "decky" | "service" }): ReactElement {
  return (
    <ul className={styles.places}>
      {places.map((one) => (
        <li key={one.name}>
          <Pivot value={one.name} search={{ [by]: one.name }} what={t(`attackers.filter.${by}`)} />
          <small>
            {tn("attacker.places.events", one.events)} · <Moment value={one.last_seen} show="ago" />
          </small>
        </li>
      ))}
    </ul>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <div className={styles.sub}>
      <h3>{title}</h3>
      {children}
    </div>
  );
}
