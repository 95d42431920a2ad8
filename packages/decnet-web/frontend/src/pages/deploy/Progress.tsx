// SPDX-License-Identifier: MIT
/** How far a plan has been carried out: asks until every decky is as it should be, or has failed. */
import { Link } from "@tanstack/react-router";
import { useGet } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { buttonClass } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge } from "@/components/show/badge";
import { Card } from "@/components/show/layout";
import { stateWords, toneOf } from "@/pages/deckies/decky";
import { reached, type Plan } from "./wish";
import styles from "./deploy.module.css";

const EVERY_MS = 1_500;

export function Progress({ plan }: { plan: Plan }) {
  const { data, error } = useGet(
    "/api/v1/deckies",
    { params: { query: { limit: 1000 } } },
    { every: EVERY_MS, keep: true },
  );
  const found = new Map(data?.items.map((one) => [one.name, one]));
  const steps = plan.steps.map((step) => {
    const one = found.get(step.decky.name);
    return { name: step.decky.name, one, state: data ? reached(step, one) : ("waiting" as const) };
  });
  const done = steps.filter((one) => one.state === "done").length;
  const failed = steps.filter((one) => one.state === "failed").length;
  const words =
    done === steps.length ? t("deckies.progress.done") : t("deckies.progress.of", { done, n: steps.length });
  return (
    <Card
      title={t("deckies.progress.title")}
      actions={
        <Link to="/deckies" className={buttonClass({})}>
          {t("deckies.progress.show")}
        </Link>
      }
    >
      <div className={styles.stack}>
        <p role="status" className={styles.words}>
          <b>{words}</b>
          {failed > 0 && <span className={styles.failed}>{tn("deckies.progress.failed", failed)}</span>}
        </p>
        <progress className={styles.progress} max={Math.max(1, steps.length)} value={done} aria-label={words} />
        {error && <ErrorState problem={error} />}
        <ul className={styles.states}>
          {steps.map(({ name, one, state }) => (
            <li key={name}>
              {one ? (
                <Link to="/deckies/$name" params={{ name }}>
                  {name}
                </Link>
              ) : (
                <span>{name}</span>
              )}
              {one ? (
                <Badge tone={toneOf(one)}>{stateWords(one)}</Badge>
              ) : (
                <Badge tone={state === "done" ? "good" : "neutral"}>
                  {t(state === "done" ? "deckies.kind.gone" : "deckies.state.unseen")}
                </Badge>
              )}
              {one?.actual?.error && <span className={styles.failed}>{one.actual.error}</span>}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
