// SPDX-License-Identifier: MIT
/** Known sources: an operator's own scanner is not an attacker. */

import { useState, type ReactElement } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Dialog, Foot } from "@/components/controls/dialog";
import { CheckField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import type { AttackerWhole } from "./one";
import styles from "./attackers.module.css";

const AFTER = ["/api/v1/attackers", "/api/v1/known"];

export function KnownSource({ known }: { known: NonNullable<AttackerWhole["known"]> }): ReactElement {
  const [asking, setAsking] = useState(false);
  const remove = useSend("delete", "/api/v1/known/{number}", AFTER);
  const may = useAllowed("analyst");
  return (
    <div className={styles.known}>
      <Badge tone="good">{t("attacker.known.is", { label: known.label || known.network })}</Badge>
      <span>{t("attacker.known.hint")}</span>
      {known.until && (
        <span>
          {t("attacker.known.until")} <Moment value={known.until} />
        </span>
      )}
      {may && (
        <Button small onClick={() => setAsking(true)}>
          {t("attacker.known.remove")}
        </Button>
      )}
      <ConfirmDialog
        title={t("attacker.known.remove.title", { network: known.network })}
        open={asking}
        onClose={() => setAsking(false)}
        action={t("attacker.known.remove")}
        onConfirm={() => remove.mutateAsync({ params: { path: { number: known.id } } })}
      >
        <p>{t("attacker.known.remove.about")}</p>
      </ConfirmDialog>
    </div>
  );
}

export function MarkAsKnown({ ip }: { ip: string }): ReactElement | null {
  const [asking, setAsking] = useState(false);
  if (!useAllowed("analyst")) return null;
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t("attacker.known.mark")}</Button>
      {asking && <KnownForm ip={ip} onClose={() => setAsking(false)} />}
    </>
  );
}

function KnownForm({ ip, onClose }: { ip: string; onClose: () => void }): ReactElement {
  const [network, setNetwork] = useState(ip);
  const [label, setLabel] = useState("");
  const [until, setUntil] = useState("");
  const [forgets, setForgets] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const add = useSend("post", "/api/v1/known", AFTER);
  const send = async (): Promise<void> => {
    try {
      const { source } = await add.mutateAsync({
        body: { network, label, forget: forgets, ...(until ? { until } : {}) },
      });
      toast(t("attacker.known.done", { network: source.network }));
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog title={t("attacker.known.title", { network: ip })} open onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{t("attacker.known.about")}</p>
        <TextField
          label={t("attacker.known.network")}
          value={network}
          required
          onChange={(event) => setNetwork(event.target.value)}
        />
        <TextField
          label={t("attacker.known.label")}
          hint={t("attacker.known.label.hint")}
          value={label}
          maxLength={255}
          onChange={(event) => setLabel(event.target.value)}
        />
        <TextField
          label={t("attacker.known.until")}
          hint={t("attacker.known.until.hint")}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
        <CheckField
          label={t("attacker.known.forget")}
          checked={forgets}
          onChange={(event) => setForgets(event.target.checked)}
        />
        {problem && <ErrorState problem={problem} />}
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={add.isPending}>
            {t("attacker.known.mark")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
