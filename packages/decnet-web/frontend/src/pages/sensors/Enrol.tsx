// SPDX-License-Identifier: MIT
/** Makes the command for a new sensor, and waits until it has come. */
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useGet, useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { usePreferences } from "@/app/preferences";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { CheckField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge } from "@/components/show/badge";
import { Code } from "@/components/show/layout";
import { absolute } from "@/components/show/times";
import { arrivalOf } from "./sensor";
import styles from "./sensors.module.css";

export function Enrol({ close }: { close: () => void }) {
  const enrol = useSend("post", "/api/v1/sensors/enrolments", ["/api/v1/sensors"]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asked, setAsked] = useState(0);
  const { zone } = usePreferences();
  const made = enrol.data;
  if (made) {
    return (
      <div className={styles.stack}>
        <h3>{t("sensors.command.title", { name: made.name })}</h3>
        <Code text={made.command} what={t("sensors.enrol")} />
        <p className="muted">{t("sensors.command.once", { when: absolute(made.expires_at, zone) })}</p>
        <Arrived name={made.name} asked={asked} />
        <Foot>
          <Button kind="primary" onClick={close}>
            {t("common.close")}
          </Button>
        </Foot>
      </div>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const body = {
      name: text("name"),
      master: text("master"),
      hours: Number(text("hours")),
      replace: form.get("replace") === "on",
    };
    setProblem(null);
    setAsked(Date.now());
    enrol.mutateAsync({ body }).catch((error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <form onSubmit={submit} className={styles.stack}>
      <TextField
        name="name"
        label={t("sensors.form.name")}
        hint={t("sensors.form.name.hint")}
        maxLength={63}
        required
      />
      <TextField name="master" label={t("sensors.form.master")} hint={t("sensors.form.master.hint")} />
      <TextField
        name="hours"
        type="number"
        min={1}
        max={2160}
        label={t("sensors.form.hours")}
        defaultValue={24}
        required
      />
      <CheckField name="replace" label={t("sensors.form.replace")} />
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" disabled={enrol.isPending}>
          {t("sensors.form.make")}
        </Button>
      </Foot>
    </form>
  );
}

const TONES = { waiting: "accent", enrolled: "warn", come: "good" } as const;

function Arrived({ name, asked }: { name: string; asked: number }) {
  const { data } = useGet("/api/v1/sensors", {}, { every: 2_000 });
  const arrival = arrivalOf(
    data?.items.find((one) => one.name === name),
    asked,
  );
  return (
    <p role="status">
      <Badge tone={TONES[arrival]}>{t(`sensors.command.${arrival}`, { name })}</Badge>
    </p>
  );
}
