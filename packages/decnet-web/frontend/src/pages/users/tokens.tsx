// SPDX-License-Identifier: MIT
import { useState } from "react";
import { usePages, useSend, type Item } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { ConfirmDialog, Dialog, Foot } from "@/components/controls/dialog";
import { CheckField, SelectField, TextField } from "@/components/controls/field";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge, type Tone } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { Words } from "@/components/show/words";
import { DataTable, type Column } from "@/components/table/data-table";
import styles from "../account/account.module.css";

type Token = Item<"/api/v1/tokens">;
type Scope = Token["scopes"][number];
const TOKENS = "/api/v1/tokens";
const SCOPES: readonly Scope[] = ["read", "decide", "deploy", "manage"];
const DAY_MS = 86_400_000;

function state(one: Token): readonly [Tone, string] {
  if (one.revoked_at) return ["bad", t("tokens.revoked")];
  return one.valid ? ["good", t("tokens.valid")] : ["warn", t("tokens.expired")];
}

export function Tokens({ everybody }: { everybody: boolean }) {
  const list = usePages(TOKENS, { params: { query: everybody ? { everybody: true } : {} } });
  const revoke = useSend("delete", "/api/v1/tokens/{token_id}", [TOKENS]);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const columns: readonly Column<Token>[] = [
    { id: "name", header: t("tokens.name"), width: "minmax(8rem, 2fr)", cell: (one) => <strong>{one.name}</strong> },
    ...(everybody
      ? [{ id: "user", header: t("users.name"), width: "minmax(5rem, 1fr)", cell: (one: Token) => one.user }]
      : []),
    { id: "shown", header: t("tokens.shown"), width: "8.5rem", cell: (one) => <code>{one.shown}…</code> },
    { id: "role", header: t("users.role"), width: "6.5rem", cell: (one) => t(`users.role.${one.role}.short`) },
    { id: "scopes", header: t("tokens.scopes"), width: "minmax(6rem, 2fr)", cell: (one) => one.scopes.join(", ") },
    {
      id: "expires",
      header: t("tokens.expires"),
      width: "10rem",
      cell: (one) => (one.expires_at ? <Moment value={one.expires_at} show="absolute" /> : t("tokens.never")),
    },
    { id: "used", header: t("tokens.used"), width: "7rem", cell: (one) => <Moment value={one.used_at} show="ago" /> },
    {
      id: "state",
      header: t("users.state"),
      width: "7rem",
      cell: (one) => {
        const [tone, words] = state(one);
        return <Badge tone={tone}>{words}</Badge>;
      },
    },
    {
      id: "revoke",
      header: t("table.actions"),
      width: "6rem",
      cell: (one) =>
        one.valid && (
          <Button small onClick={() => setRevoking(one)}>
            {t("tokens.revoke")}
          </Button>
        ),
    },
  ];
  return (
    <>
      <DataTable
        name="tokens"
        label={t("users.tokens")}
        columns={columns}
        rows={list.items}
        rowKey={(one) => one.id}
        loading={list.loading}
        problem={list.problem}
        onRetry={list.again}
        hasMore={list.hasMore}
        onMore={list.more}
        tools={
          <Button small icon="plus" onClick={() => setAdding(true)}>
            {t("tokens.add")}
          </Button>
        }
        empty={
          <EmptyState icon="key" title={t("tokens.empty")}>
            <p>
              <Words text={t("tokens.empty.do")} />
            </p>
          </EmptyState>
        }
      />
      {adding && <AddToken onClose={() => setAdding(false)} onSecret={setSecret} />}
      {secret !== null && (
        <Dialog title={t("tokens.secret")} open onClose={() => setSecret(null)}>
          <p>{t("tokens.secret.about")}</p>
          <div className={styles.secret}>
            <code>{secret}</code>
            <CopyButton text={secret} what={t("tokens.secret")} words={t("common.copy")} />
          </div>
        </Dialog>
      )}
      <ConfirmDialog
        title={t("tokens.revoke.title", { name: revoking?.name ?? "" })}
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        action={t("tokens.revoke")}
        danger
        onConfirm={() => revoke.mutateAsync({ params: { path: { token_id: revoking?.id ?? "" } } })}
      >
        <p>{t("tokens.revoke.about")}</p>
      </ConfirmDialog>
    </>
  );
}

function AddToken({ onClose, onSecret }: { onClose: () => void; onSecret: (secret: string) => void }) {
  const add = useSend("post", TOKENS, [TOKENS]);
  const submit = async (values: FormData) => {
    const days = Number(values.get("days"));
    const made = await add.mutateAsync({
      body: {
        name: String(values.get("name")),
        scopes: SCOPES.filter((scope) => values.has(scope)),
        expires_at: days > 0 ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
      },
    });
    onClose();
    onSecret(made.secret);
  };
  return (
    <Dialog title={t("tokens.add")} open onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget)).catch(() => undefined); // shown below
        }}
      >
        <TextField
          label={t("tokens.name")}
          hint={t("tokens.name.hint")}
          name="name"
          maxLength={64}
          required
          autoFocus
        />
        {SCOPES.map((scope) => (
          <CheckField key={scope} label={tv("tokens.scope", scope)} name={scope} defaultChecked={scope === "read"} />
        ))}
        <SelectField
          label={t("tokens.expires")}
          name="days"
          defaultValue="90"
          options={[
            ["7", t("tokens.days", { n: 7 })],
            ["30", t("tokens.days", { n: 30 })],
            ["90", t("tokens.days", { n: 90 })],
            ["365", t("tokens.days", { n: 365 })],
            ["0", t("tokens.never")],
          ]}
        />
        {add.error && <ErrorState problem={add.error} />}
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind="primary">
            {t("tokens.add")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
