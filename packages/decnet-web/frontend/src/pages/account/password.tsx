// SPDX-License-Identifier: MIT
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { adopt, type Me } from "@/app/session";
import { Button } from "@/components/controls/button";
import { TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Card } from "@/components/show/layout";
import styles from "./account.module.css";

/** Who came by a link sets a password without the old one. */
const needsCurrent = (me: Me) => me.has_password && me.log_in !== "link";

export function Password({ me }: { me: Me }) {
  const queries = useQueryClient();
  const change = useSend("put", "/api/v1/account/password", ["/api/v1/account"]);
  const form = useRef<HTMLFormElement>(null);
  const [differ, setDiffer] = useState(false);
  const submit = async (values: FormData) => {
    const wanted = String(values.get("new"));
    setDiffer(wanted !== String(values.get("again")));
    if (wanted !== String(values.get("again"))) return;
    const current = values.get("current");
    adopt(
      queries,
      await change.mutateAsync({ body: { current: current === null ? null : String(current), new: wanted } }),
    );
    form.current?.reset();
    toast(t("account.password.done"));
  };
  return (
    <Card title={t("account.password")}>
      <form
        ref={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget)).catch(() => undefined); // shown below
        }}
      >
        <input type="text" name="username" autoComplete="username" defaultValue={me.name} hidden readOnly />
        {needsCurrent(me) && (
          <TextField
            label={t("account.password.current")}
            name="current"
            type="password"
            autoComplete="current-password"
            required
          />
        )}
        <TextField
          label={t("account.password.new")}
          hint={t("account.password.hint")}
          name="new"
          type="password"
          autoComplete="new-password"
          minLength={12}
          required
        />
        <TextField
          label={t("account.password.again")}
          error={differ ? t("account.password.differ") : undefined}
          name="again"
          type="password"
          autoComplete="new-password"
          required
        />
        {change.error && <ErrorState problem={change.error} />}
        <Button type="submit" kind="primary" disabled={change.isPending}>
          {me.has_password ? t("account.password.change") : t("account.password.set")}
        </Button>
      </form>
    </Card>
  );
}
