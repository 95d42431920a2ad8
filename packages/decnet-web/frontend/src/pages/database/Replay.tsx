// SPDX-License-Identifier: MIT
/** Has a worker handle events again, after a page that says what that empties and keeps. */
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useSend } from "@/api/queries";
import type { components } from "@/api/schema";
import { formatNumber, t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { SelectField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Card, Facts } from "@/components/show/layout";
import { asked, FOLLOWERS, type From } from "./replay";
import styles from "./database.module.css";

type Plan = components["schemas"]["ReplayPlanShown"];

export function Replay() {
  const plan = useSend("post", "/api/v1/replays/plan", []);
  const [from, setFrom] = useState<From | null>(null);
  const [found, setFound] = useState<Plan | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = asked(String(form.get("worker")), String(form.get("number")), String(form.get("time")));
    setProblem(null);
    setFound(null);
    setFrom(wanted);
    plan.mutateAsync({ body: wanted }).then(setFound, (error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <Card title={t("replay.title")}>
      <form onSubmit={submit} className={styles.stack}>
        <p className="muted">{t("replay.lead")}</p>
        <SelectField name="worker" label={t("replay.worker")} options={FOLLOWERS.map((one) => [one, one] as const)} />
        <TextField name="number" type="number" min={1} label={t("replay.number")} hint={t("replay.number.hint")} />
        <TextField name="time" type="datetime-local" label={t("replay.time")} />
        {problem && <ErrorState problem={problem} />}
        <Button kind="primary" type="submit" disabled={plan.isPending}>
          {t("replay.plan")}
        </Button>
      </form>
      {found && from && <Planned plan={found} from={from} done={() => setFound(null)} />}
    </Card>
  );
}

function Planned({ plan, from, done }: { plan: Plan; from: From; done: () => void }) {
  const begin = useSend("post", "/api/v1/replays", ["/api/v1/workers"]);
  const [asking, ask] = useState(false);
  const carryOut = async () => {
    await begin.mutateAsync({ body: { ...from, digest: plan.digest, lose_forgotten: plan.forgotten > 0 } });
    toast(t("replay.begun", { worker: plan.worker }), "good");
    done();
  };
  return (
    <div role="status">
      <p>{plan.words}</p>
      <Facts
        items={[
          [t("replay.events"), formatNumber(plan.events)],
          [t("replay.emptied"), plan.emptied.join(", ") || "–"],
          [t("replay.kept"), plan.kept.join(", ") || "–"],
          [t("replay.forgotten"), formatNumber(plan.forgotten)],
        ]}
      />
      <Button kind="danger" onClick={() => ask(true)}>
        {t("replay.begin")}
      </Button>
      <ConfirmDialog
        open={asking}
        danger
        title={t("replay.begin.title", { worker: plan.worker })}
        action={t("replay.begin")}
        onClose={() => ask(false)}
        onConfirm={carryOut}
      >
        <p>{plan.words}</p>
        {plan.forgotten > 0 && <p>{t("replay.loses", { n: formatNumber(plan.forgotten) })}</p>}
      </ConfirmDialog>
    </div>
  );
}
