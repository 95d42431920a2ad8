// SPDX-License-Identifier: MIT
import { useState } from "react";
import { usePages, useSend, type Item } from "@/api/queries";
import { asProblem } from "@/api/problem";
import { t } from "@/app/i18n";
import { useMe, type Role } from "@/app/session";
import { Button } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { ConfirmDialog, Dialog, Foot } from "@/components/controls/dialog";
import { SelectField, TextField } from "@/components/controls/field";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import styles from "../account/account.module.css";

type User = Item<"/api/v1/users">;
type LoginLink = { url: string; expires_at: string };
const USERS = "/api/v1/users";

export const ROLES: readonly (readonly [Role, string])[] = [
  ["viewer", t("users.role.viewer")],
  ["analyst", t("users.role.analyst")],
  ["admin", t("users.role.admin")],
];

const COLUMNS: readonly Column<User>[] = [
  { id: "name", header: t("users.name"), width: "minmax(8rem, 2fr)", cell: (one) => <strong>{one.name}</strong> },
  { id: "role", header: t("users.role"), width: "8rem", cell: (one) => t(`users.role.${one.role}.short`) },
  {
    id: "state",
    header: t("users.state"),
    width: "7rem",
    cell: (one) => (
      <Badge tone={one.enabled ? "good" : "warn"}>{one.enabled ? t("users.enabled") : t("users.disabled")}</Badge>
    ),
  },
  { id: "means", header: t("users.means"), width: "minmax(10rem, 2fr)", cell: means },
  { id: "sessions", header: t("users.sessions"), width: "6rem", align: "end", cell: (one) => one.sessions },
  { id: "login", header: t("users.login"), width: "8rem", cell: (one) => <Moment value={one.login_at} show="ago" /> },
  {
    id: "created",
    header: t("users.created"),
    width: "10rem",
    optional: true,
    cell: (one) => <Moment value={one.created_at} show="absolute" />,
  },
];

function means(one: User): string {
  const has = [
    one.password && t("users.means.password"),
    one.totp && t("users.means.totp"),
    one.passkeys > 0 && t("users.means.passkeys", { n: one.passkeys }),
    one.provider && t("users.means.provider"),
  ].filter(Boolean);
  return has.length > 0 ? has.join(", ") : t("users.means.none");
}

export function Users() {
  const list = usePages(USERS, {});
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<User | null>(null);
  const [link, setLink] = useState<LoginLink | null>(null);
  return (
    <>
      <DataTable
        name="users"
        label={t("users.users")}
        columns={COLUMNS}
        rows={list.items}
        rowKey={(one) => one.id}
        onOpen={setChosen}
        loading={list.loading}
        problem={list.problem}
        onRetry={list.again}
        hasMore={list.hasMore}
        onMore={list.more}
        tools={
          <Button small icon="plus" onClick={() => setAdding(true)}>
            {t("users.add")}
          </Button>
        }
        empty={<EmptyState icon="users" title={t("users.empty")} />}
      />
      {adding && <AddUser onClose={() => setAdding(false)} onLink={setLink} />}
      {chosen && <OneUser user={chosen} onClose={() => setChosen(null)} onLink={setLink} />}
      {link && <ShowLink link={link} onClose={() => setLink(null)} />}
    </>
  );
}

function AddUser({ onClose, onLink }: { onClose: () => void; onLink: (link: LoginLink) => void }) {
  const add = useSend("post", USERS, [USERS]);
  const submit = async (values: FormData) => {
    const made = await add.mutateAsync({
      body: { name: String(values.get("name")), role: values.get("role") as Role },
    });
    onClose();
    if (made.link) onLink(made.link);
  };
  return (
    <Dialog title={t("users.add")} open onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget)).catch(() => undefined); // shown below
        }}
      >
        <TextField label={t("users.name")} hint={t("users.add.hint")} name="name" maxLength={64} required autoFocus />
        <SelectField label={t("users.role")} name="role" options={ROLES} />
        {add.error && <ErrorState problem={add.error} />}
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind="primary">
            {t("users.add")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}

/** A link that logs in once; it is shown once. */
function ShowLink({ link, onClose }: { link: LoginLink; onClose: () => void }) {
  return (
    <Dialog title={t("users.link")} open onClose={onClose}>
      <p>{t("users.link.about")}</p>
      <div className={styles.secret}>
        <code>{link.url}</code>
        <CopyButton text={link.url} what={t("users.link")} words={t("common.copy")} />
      </div>
      <p className="muted">
        {t("users.link.until")} <Moment value={link.expires_at} />
      </p>
    </Dialog>
  );
}

function OneUser({ user, onClose, onLink }: { user: User; onClose: () => void; onLink: (link: LoginLink) => void }) {
  const me = useMe();
  const path = { params: { path: { name: user.name } } };
  const change = useSend("patch", "/api/v1/users/{name}", [USERS]);
  const remove = useSend("delete", "/api/v1/users/{name}", [USERS]);
  const makeLink = useSend("post", "/api/v1/users/{name}/link");
  const reset = useSend("post", "/api/v1/users/{name}/reset", [USERS]);
  const [asking, setAsking] = useState<"remove" | "reset" | null>(null);
  const run = (work: () => Promise<unknown>) =>
    void work()
      .then(() => toast(t("users.changed")))
      .catch((error: unknown) => toast(asProblem(error).message, "bad"));
  const own = me?.name === user.name;
  const confirm = async () => {
    if (asking === "remove") await remove.mutateAsync(path);
    else {
      const { link } = await reset.mutateAsync(path);
      if (link) onLink(link);
    }
    onClose();
  };
  return (
    <Dialog title={user.name} open onClose={onClose}>
      <p className="muted">{means(user)}</p>
      <SelectField
        label={t("users.role")}
        value={change.data?.role ?? user.role}
        options={ROLES}
        disabled={own}
        onChange={(event) => run(() => change.mutateAsync({ ...path, body: { role: event.target.value as Role } }))}
      />
      <Foot>
        <Button icon="link" onClick={() => run(async () => onLink(await makeLink.mutateAsync(path)))}>
          {t("users.link.make")}
        </Button>
        <Button onClick={() => setAsking("reset")}>{t("users.reset")}</Button>
        {!own && (
          <>
            <Button
              onClick={() =>
                run(() => change.mutateAsync({ ...path, body: { enabled: !(change.data?.enabled ?? user.enabled) } }))
              }
            >
              {(change.data?.enabled ?? user.enabled) ? t("users.disable") : t("users.enable")}
            </Button>
            <Button kind="danger" icon="trash" onClick={() => setAsking("remove")}>
              {t("users.remove")}
            </Button>
          </>
        )}
      </Foot>
      <ConfirmDialog
        title={
          asking === "remove"
            ? t("users.remove.title", { name: user.name })
            : t("users.reset.title", { name: user.name })
        }
        open={asking !== null}
        onClose={() => setAsking(null)}
        action={asking === "remove" ? t("users.remove") : t("users.reset")}
        danger
        onConfirm={confirm}
      >
        <p>{asking === "remove" ? t("users.remove.about") : t("users.reset.about")}</p>
      </ConfirmDialog>
    </Dialog>
  );
}
