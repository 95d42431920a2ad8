// SPDX-License-Identifier: MIT
/** The plan, and the button that carries it out. */
import { t, tn } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { PlanView } from "@/pages/deckies/plan/PlanView";
import { counts, type Step } from "@/pages/deckies/plan/steps";
import { addressWords, serviceWords } from "@/pages/deckies/decky";
import type { Plan } from "./wish";
import styles from "./deploy.module.css";

interface Props {
  plan: Plan;
  stale: boolean;
  busy: boolean;
  onBack: () => void;
  onCarryOut: () => void;
}

export function PlanStep({ plan, stale, busy, onBack, onCarryOut }: Props) {
  const steps = plan.steps.map(shown);
  const removed = counts(steps).remove;
  const empty = steps.length === 0 && plan.personas.length === 0;
  return (
    <div className={styles.stack}>
      {stale && (
        <p className={styles.stale} role="alert">
          {t("deckies.plan.stale")}
        </p>
      )}
      <PlanView steps={steps} personas={plan.personas} unchanged={plan.unchanged} />
      {plan.hint && <p className={styles.hint}>{plan.hint}</p>}
      <Foot>
        <Button onClick={onBack}>{t("deckies.plan.back")}</Button>
        {!empty && (
          <Button kind={removed > 0 ? "danger" : "primary"} disabled={busy} onClick={onCarryOut}>
            {removed > 0 ? tn("deckies.plan.do.removes", removed) : t("deckies.plan.do")}
          </Button>
        )}
      </Foot>
    </div>
  );
}

/** An addition says what is added; a removal only its name. */
function shown({ kind, decky, differences }: Plan["steps"][number]): Step {
  if (kind !== "add") return { kind, decky: decky.name, differences };
  const place = `${decky.runtime}${decky.interface ? ` ${decky.interface}` : ""}`;
  const fields: [string, string][] = [
    ["addresses", addressWords(decky)],
    ["runtime", place],
    [decky.image ? "image" : "persona", decky.image ?? decky.persona],
    ["services", decky.services.map(serviceWords).join(", ")],
  ];
  return { kind, decky: decky.name, differences: fields.map(([field, after]) => ({ field, before: "", after })) };
}
