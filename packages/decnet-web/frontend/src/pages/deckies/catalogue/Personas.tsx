// SPDX-License-Identifier: MIT
/** What deckies can play: each persona with who plays it, and its description to copy and change. */
import { Link } from "@tanstack/react-router";
import { useGet, type Item } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Badge } from "@/components/show/badge";
import { Code, Facts } from "@/components/show/layout";
import type { Decky } from "../decky";
import styles from "./catalogue.module.css";

type Persona = Item<"/api/v1/personas">;

export function Personas({ deckies }: { deckies: readonly Decky[] }) {
  const { data, error, refetch } = useGet("/api/v1/personas", {});
  const [chosen, choose] = useQueryValue("persona");
  const players = (name: string) => deckies.filter((one) => one.persona === name && !one.image);
  const items = data?.items ?? [];
  return (
    <>
      <p className="muted">{t("deckies.persona.lead")}</p>
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {data?.problem && <p role="alert">{data.problem}</p>}
      {!data && !error && <Skeleton lines={6} />}
      {data && items.length === 0 && <EmptyState icon="deckies" title={t("deckies.persona.none")} />}
      <ul className={styles.cards}>
        {items.map((one) => (
          <li key={one.name}>
            <button type="button" className={styles.card} onClick={() => choose(one.name)}>
              <span className={styles.head}>
                <strong>{one.name}</strong>
                <Badge tone={one.shipped ? "neutral" : "accent"} bare>
                  {t(one.shipped ? "deckies.persona.shipped" : "deckies.persona.own")}
                </Badge>
              </span>
              <span>{one.summary}</span>
              <span className={styles.foot}>
                <span className="mono">{one.services.join(" ")}</span>
                <span>{tn("deckies.persona.used", players(one.name).length)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {chosen && (
        <Dialog open shape="drawer" title={chosen} onClose={() => choose(undefined)}>
          <Description name={chosen} listed={items.find((one) => one.name === chosen)} />
        </Dialog>
      )}
    </>
  );
}

function Description({ name, listed }: { name: string; listed: Persona | undefined }) {
  const { data, error } = useGet("/api/v1/personas/{name}", { params: { path: { name } } });
  return (
    <>
      {listed && <p>{listed.problem ? t("deckies.persona.problem", { reason: listed.problem }) : listed.summary}</p>}
      <Facts
        items={[
          ["OS", listed?.os],
          [t("deckies.col.services"), listed?.services.join(", ")],
          [
            t("deckies.title"),
            !data || data.deckies.length === 0 ? null : (
              <span className={styles.links}>
                {data.deckies.map((decky) => (
                  <Link key={decky} to="/deckies/$name" params={{ name: decky }}>
                    {decky}
                  </Link>
                ))}
              </span>
            ),
          ],
        ]}
      />
      {error && <ErrorState problem={error} />}
      {data && (
        <>
          <h3>{t("deckies.persona.document")}</h3>
          <Code text={data.text} what={t("deckies.persona.document")} />
        </>
      )}
    </>
  );
}
