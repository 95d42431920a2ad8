// SPDX-License-Identifier: MIT
import { useState } from "react";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { CheckField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import styles from "./incidents.module.css";

/** "This is our scanner": what it does is recorded, but is no attack. */
export function AddKnown({ open, onClose, network = "" }: { open: boolean; onClose: () => void; network?: string }) {
  const add = useSend("post", "/api/v1/known", ["/api/v1/"]);
  const [values, setValues] = useState({ network, label: "", port: "", kind: "", until: "" });
  const [forget, setForget] = useState(false);
  const field = (name: keyof typeof values) => ({
    value: values[name],
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  });
  const submit = async () => {
    const { port, kind, until, ...rest } = values;
    await add.mutateAsync({
      body: { ...rest, port: port ? Number(port) : null, kind: kind || null, until: until || null, forget },
    });
    toast(t("known.added"));
    onClose();
  };
  const whole = values.port === "" && values.kind === "";
  return (
    <Dialog title={t("known.add")} open={open} onClose={onClose}>
      <p className="muted">{t("known.add.about")}</p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          submit().catch(() => undefined); // shown below
        }}
      >
        <TextField label={t("known.network")} hint={t("known.network.hint")} required {...field("network")} />
        <TextField label={t("known.label")} hint={t("known.label.hint")} {...field("label")} />
        <TextField
          label={t("known.port")}
          hint={t("known.port.hint")}
          inputMode="numeric"
          pattern="[0-9]*"
          {...field("port")}
        />
        <TextField label={t("known.kind")} hint={t("known.kind.hint")} {...field("kind")} />
        <TextField label={t("known.until")} hint={t("known.until.hint")} {...field("until")} />
        <CheckField
          label={t("known.forget")}
          checked={forget && whole}
          disabled={!whole}
          onChange={(event) => setForget(event.target.checked)}
        />
        {add.error && <ErrorState problem={add.error} />}
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={add.isPending}>
            {t("known.add")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
