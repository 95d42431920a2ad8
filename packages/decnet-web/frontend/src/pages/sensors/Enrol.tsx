// SPDX-License-Identifier: MIT
/** Makes the command for a new sensor, or a file for a host without DECNET, and waits until it has come. */
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { usePreferences } from "@/app/preferences";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { CheckField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge } from "@/components/show/badge";
import { Code } from "@/components/show/layout";
import { absolute } from "@/components/show/times";
import { HOURS, makeCommand, orderOf, saveBundle, type Made } from "./enrolment";
import { arrivalOf } from "./sensor";
import styles from "./sensors.module.css";

export function Enrol({ close }: { close: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(0);
  if (made) return <Next made={made} asked={asked} close={close} />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    const order = orderOf(new FormData(event.currentTarget));
    const make = submitter?.getAttribute("value") === "bundle" ? saveBundle : makeCommand;
    setProblem(null);
    setBusy(true);
    setAsked(Date.now());
    make(order)
      .then(setMade)
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => setBusy(false));
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
        hint={t("sensors.form.hours.hint")}
        defaultValue={HOURS}
        required
      />
      <CheckField name="replace" label={t("sensors.form.replace")} />
      <p className="muted">{t("sensors.form.bundle.hint")}</p>
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button onClick={close}>{t("common.cancel")}</Button>
        <Button icon="download" type="submit" name="what" value="bundle" disabled={busy}>
          {t("sensors.form.bundle")}
        </Button>
        <Button kind="primary" type="submit" name="what" value="command" disabled={busy}>
          {t("sensors.form.make")}
        </Button>
      </Foot>
    </form>
  );
}

function Next({ made, asked, close }: { made: Made; asked: number; close: () => void }) {
  const { zone } = usePreferences();
  const until = made.until && absolute(made.until, zone);
  return (
    <div className={styles.stack}>
      <h3>{t("sensors.command.title", { name: made.name })}</h3>
      <Code text={made.command} what={t("sensors.enrol")} />
      <p className="muted">{until ? t("sensors.command.once", { when: until }) : t("sensors.bundle.once")}</p>
      <Arrived name={made.name} asked={asked} />
      <Foot>
        <Button kind="primary" onClick={close}>
          {t("common.close")}
        </Button>
      </Foot>
    </div>
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
