// SPDX-License-Identifier: MIT
/** Adds a receiver, shows its secret once, sends it a test and shows what came of it. */
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { ErrorState } from "@/components/feedback/error-state";
import { Fields } from "./Fields";
import { said } from "./receiver";
import { Secret } from "./Secret";
import { Try } from "./Try";
import styles from "./webhooks.module.css";

export function AddForm({ close }: { close: () => void }) {
  const add = useSend("post", "/api/v1/webhooks", ["/api/v1/webhooks"]);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (add.data) {
    return (
      <div className={styles.stack}>
        <Secret secret={add.data.secret} />
        <Try id={add.data.webhook.id} atOnce />
        <Foot>
          <Button kind="primary" onClick={close}>
            {t("webhooks.secret.done")}
          </Button>
        </Foot>
      </div>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setProblem(null);
    add
      .mutateAsync({ body: { url: String(form.get("url")).trim(), ...said(form) } })
      .catch((error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <Fields />
      {problem && (
        <div className={styles.whole}>
          <ErrorState problem={problem} />
        </div>
      )}
      <div className={styles.whole}>
        <Foot>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={add.isPending}>
            {t("webhooks.form.add")}
          </Button>
        </Foot>
      </div>
    </form>
  );
}
