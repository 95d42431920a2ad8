// SPDX-License-Identifier: MIT
/** A plan: what is removed, changed and added, each difference with before and after. */
import { t, tn, tv } from "@/app/i18n";
import { counts, MARKS, ordered, type Difference, type Step } from "./steps";
import styles from "./PlanView.module.css";

interface Props {
  steps: readonly Step[];
  personas: readonly { kind: "add" | "change"; name: string; os: string }[];
  unchanged: number;
}

export function PlanView({ steps, personas, unchanged }: Props) {
  const found = counts(steps);
  if (steps.length === 0 && personas.length === 0) return <p className={styles.empty}>{t("deckies.plan.empty")}</p>;
  return (
    <div className={styles.plan}>
      <p className={styles.counts}>
        {found.remove > 0 && <span data-kind="remove">{tn("deckies.plan.remove", found.remove)}</span>}
        {found.change > 0 && <span data-kind="change">{tn("deckies.plan.change", found.change)}</span>}
        {found.add > 0 && <span data-kind="add">{tn("deckies.plan.add", found.add)}</span>}
        <span>{tn("deckies.plan.unchanged", unchanged)}</span>
      </p>
      <ol className={styles.steps}>
        {ordered(steps).map((step) => (
          <li key={step.decky} data-kind={step.kind}>
            <h3>
              <span className={styles.mark} aria-hidden="true">
                {MARKS[step.kind]}
              </span>
              <span className="hidden-visually">{tv("deckies.plan.kind", step.kind)} </span>
              {step.decky}
            </h3>
            {step.differences.length > 0 && (
              <Differences differences={step.differences} both={step.kind === "change"} />
            )}
          </li>
        ))}
        {personas.map((one) => (
          <li key={`persona ${one.name}`} data-kind={one.kind}>
            <h3>
              <span className={styles.mark} aria-hidden="true">
                {MARKS[one.kind]}
              </span>
              <span className="hidden-visually">{tv("deckies.plan.kind", one.kind)} </span>
              {t("deckies.plan.persona", { name: one.name })}
            </h3>
            <p className={styles.os}>{one.os}</p>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Fields with what they become; with `both`, what they were too. */
export function Differences({ differences, both }: { differences: readonly Difference[]; both: boolean }) {
  return (
    <dl className={styles.differences}>
      {differences.map((one) => (
        <div key={one.field}>
          <dt>{one.field.replaceAll("_", " ")}</dt>
          <dd>
            {both && (
              <>
                <del>
                  <span className="hidden-visually">{t("deckies.plan.before")}: </span>
                  {one.before}
                </del>
                <span aria-hidden="true"> → </span>
              </>
            )}
            <ins>
              <span className="hidden-visually">{t("deckies.plan.after")}: </span>
              {one.after}
            </ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}
