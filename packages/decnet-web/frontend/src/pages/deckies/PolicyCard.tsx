// SPDX-License-Identifier: MIT
/** How mutate may change a decky, and a change now. */
import { useState, type FormEvent } from "react";
import { useSend, type Data } from "@/api/queries";
import { asProblem, Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { CheckField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Card, Facts } from "@/components/show/layout";
import { duration } from "@/components/show/times";
import { pairs, words } from "./form/words";
import styles from "./one.module.css";

type Detail = Data<"/api/v1/deckies/{name}">;
type Policy = NonNullable<Detail["policy"]>;

export function PolicyCard({ one }: { one: Detail }) {
  const allowed = useAllowed("admin");
  const path = { params: { path: { name: one.name } } };
  const [editing, edit] = useState(false);
  const touched = ["/api/v1/deckies", "/api/v1/mutations"];
  const mutate = useSend("post", "/api/v1/deckies/{name}/mutate", touched);
  const remove = useSend("delete", "/api/v1/deckies/{name}/policy", touched);
  if (one.image || (!one.has_policy && !allowed)) return null;
  const told = (order: Promise<unknown>) => order.catch((error: unknown) => toast(asProblem(error).message, "bad"));
  const actions = allowed && (
    <>
      {one.has_policy && (
        <>
          <Button small onClick={() => void told(mutate.mutateAsync({ ...path, body: { force: false } }))}>
            {t("deckies.mutate.now")}
          </Button>
          <Button small kind="danger" onClick={() => void told(remove.mutateAsync(path))}>
            {t("deckies.policy.remove")}
          </Button>
        </>
      )}
      <Button small onClick={() => edit(true)}>
        {t("deckies.policy.set")}
      </Button>
    </>
  );
  return (
    <Card title={t("deckies.policy")} actions={actions}>
      <p className="muted">{t("deckies.policy.lead")}</p>
      {!one.has_policy && <p>{t("deckies.policy.none")}</p>}
      {one.policy_problem && <p role="alert">{one.policy_problem}</p>}
      {one.policy && <Facts items={facts(one.policy)} />}
      {editing && <PolicyDialog name={one.name} close={() => edit(false)} />}
    </Card>
  );
}

function facts(policy: Policy): [string, React.ReactNode][] {
  return [
    [t("deckies.policy.every"), duration(policy.every_seconds)],
    [t("deckies.policy.window"), `${clock(policy.window_from)}–${clock(policy.window_until)}`],
    [t("deckies.policy.services"), policy.services.map((each) => `${each.service} ${each.port}`).join(", ") || null],
    [t("deckies.policy.personas"), policy.personas.join(", ") || null],
    [t("deckies.policy.consistent"), t(policy.consistent ? "common.yes" : "common.no")],
  ];
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function PolicyDialog({ name, close }: { name: string; close: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = useSend("put", "/api/v1/deckies/{name}/policy", ["/api/v1/deckies", "/api/v1/mutations"]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (field: string) => String(form.get(field) ?? "").trim();
    try {
      await save.mutateAsync({
        params: { path: { name } },
        body: {
          every: text("every"),
          window: text("window") || "00:00-24:00",
          services: pairs(text("services")),
          personas: words(text("personas")),
          consistent: form.get("consistent") === "on",
        },
      });
      close();
    } catch (error) {
      const port = error instanceof RangeError ? t("deckies.policy.port", { word: error.message }) : null;
      setProblem(port === null ? asProblem(error) : new Problem(422, t("deckies.policy.services"), port));
    }
  };
  return (
    <Dialog open title={t("deckies.policy")} onClose={close}>
      <form onSubmit={(event) => void submit(event)} className={styles.policy}>
        <TextField
          name="every"
          label={t("deckies.policy.every")}
          hint={t("deckies.policy.every.hint")}
          defaultValue="7d"
          required
        />
        <TextField name="window" label={t("deckies.policy.window")} placeholder="22:00-04:30" />
        <TextField name="services" label={t("deckies.policy.services")} hint={t("deckies.form.services.hint")} />
        <TextField name="personas" label={t("deckies.policy.personas")} />
        <CheckField name="consistent" label={t("deckies.policy.consistent")} defaultChecked />
        {problem && <ErrorState problem={problem} />}
        <Foot>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            {t("common.save")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
