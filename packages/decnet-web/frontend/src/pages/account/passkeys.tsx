// SPDX-License-Identifier: MIT
import { useState } from "react";
import { useGet, useSend } from "@/api/queries";
import { asProblem, type Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { hasPasskeys, makePasskey } from "@/app/passkeys";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import styles from "./account.module.css";

const PASSKEYS = "/api/v1/account/passkeys";

export function Passkeys() {
  const list = useGet(PASSKEYS, {});
  const remove = useSend("delete", "/api/v1/account/passkeys/{passkey_id}", [PASSKEYS]);
  const [removing, setRemoving] = useState<{ id: string; name: string } | null>(null);
  return (
    <Card title={t("account.passkeys")}>
      <div className={styles.stack}>
        {list.isPending && <Skeleton lines={2} />}
        {list.error && <ErrorState problem={list.error} onRetry={() => void list.refetch()} />}
        {list.data?.length === 0 && <p className="muted">{t("account.passkeys.empty")}</p>}
        <ul className={styles.list}>
          {list.data?.map((one) => (
            <li key={one.id}>
              <span>
                {one.name}
                <small>
                  {t("account.passkeys.used")}: <Moment value={one.used_at} show="ago" />
                </small>
              </span>
              <Button small onClick={() => setRemoving(one)}>
                {t("account.passkeys.remove")}
              </Button>
            </li>
          ))}
        </ul>
        {hasPasskeys() ? <Add /> : <p className="muted">{t("account.passkeys.unsupported")}</p>}
      </div>
      <ConfirmDialog
        title={t("account.passkeys.remove")}
        open={removing !== null}
        onClose={() => setRemoving(null)}
        action={t("account.passkeys.remove")}
        danger
        onConfirm={() => remove.mutateAsync({ params: { path: { passkey_id: removing?.id ?? "" } } })}
      >
        <p>{t("account.passkeys.remove.detail", { name: removing?.name ?? "" })}</p>
      </ConfirmDialog>
    </Card>
  );
}

function Add() {
  const options = useSend("post", "/api/v1/account/passkeys/options");
  const add = useSend("post", PASSKEYS, [PASSKEYS]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const make = async (name: string) => {
    setProblem(null);
    const begun = await options.mutateAsync({});
    const credential = await makePasskey(begun.options);
    await add.mutateAsync({ body: { ticket: begun.ticket, name, credential } });
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        const name = String(new FormData(event.currentTarget).get("name"));
        make(name).catch((error: unknown) => setProblem(asProblem(error)));
      }}
    >
      <TextField label={t("account.passkeys.name")} name="name" maxLength={64} required />
      {problem && <ErrorState problem={problem} />}
      <Button type="submit" icon="key">
        {t("account.passkeys.add")}
      </Button>
    </form>
  );
}
