// SPDX-License-Identifier: MIT
/** One receiver: what it is told of, a test, a new secret, changes, its dead letters. */
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useSend, type Data } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Foot } from "@/components/controls/dialog";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Facts } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Fields } from "./Fields";
import { said, stateWords, toneOf } from "./receiver";
import { Secret } from "./Secret";
import { Try } from "./Try";
import styles from "./webhooks.module.css";

type Shown = Data<"/api/v1/webhooks">["items"][number];

const TOUCHED = ["/api/v1/webhooks"];

export function Receiver({ one, close }: { one: Shown; close: () => void }) {
  const admin = useAllowed("admin");
  const analyst = useAllowed("analyst");
  const [editing, edit] = useState(false);
  if (editing) return <EditForm one={one} close={() => edit(false)} />;
  return (
    <div className={styles.stack}>
      <Facts
        items={[
          [
            t("webhooks.col.state"),
            <Badge key="state" tone={toneOf(one)}>
              {stateWords(one)}
            </Badge>,
          ],
          [t("webhooks.col.format"), one.format],
          [t("webhooks.form.sends"), `${one.selection.sends}, ${one.selection.severity} +`],
          [t("webhooks.form.kinds"), one.kinds.join(", ") || t("webhooks.kinds.all")],
          [t("webhooks.form.deckies"), one.selection.deckies.join(", ") || null],
          [t("webhooks.form.quiet"), one.selection.quiet.join(", ") || null],
          [t("webhooks.col.pending"), one.pending],
          [t("webhooks.col.dead"), one.dead],
          [t("webhooks.col.added"), <Moment key="added" value={one.created_at} />],
        ]}
      />
      {analyst && <Try id={one.id} />}
      {analyst && one.dead > 0 && <Replay one={one} />}
      {admin && <Orders one={one} close={close} edit={() => edit(true)} />}
    </div>
  );
}

function Replay({ one }: { one: Shown }) {
  const replay = useSend("post", "/api/v1/webhooks/{webhook}/replay", TOUCHED);
  const act = () =>
    replay.mutateAsync({ params: { path: { webhook: one.id } }, body: {} }).then(
      ({ count }) => toast(tn("webhooks.replayed", count)),
      (error: unknown) => toast(asProblem(error).message, "bad"),
    );
  return (
    <Button icon="refresh" onClick={() => void act()} disabled={replay.isPending}>
      {tn("webhooks.replay.all", one.dead)}
    </Button>
  );
}

function Orders({ one, close, edit }: { one: Shown; close: () => void; edit: () => void }) {
  const [asked, ask] = useState<"rotate" | "remove" | null>(null);
  const path = { webhook: one.id };
  const rotate = useSend("post", "/api/v1/webhooks/{webhook}/rotate", TOUCHED);
  const enable = useSend("post", "/api/v1/webhooks/{webhook}/enable", TOUCHED);
  const remove = useSend("delete", "/api/v1/webhooks/{webhook}", TOUCHED);
  const removed = async () => {
    await remove.mutateAsync({ params: { path, query: { digest: one.digest } } });
    close();
  };
  return (
    <>
      {rotate.data && <Secret secret={rotate.data.secret} />}
      <Foot>
        {one.state === "gone" && (
          <Button onClick={() => enable.mutate({ params: { path } })}>{t("webhooks.enable")}</Button>
        )}
        <Button icon="key" onClick={() => ask("rotate")}>
          {t("webhooks.rotate")}
        </Button>
        <Button onClick={edit}>{t("webhooks.edit")}</Button>
        <Button kind="danger" icon="trash" onClick={() => ask("remove")}>
          {t("webhooks.remove")}
        </Button>
      </Foot>
      <ConfirmDialog
        open={asked === "rotate"}
        title={t("webhooks.rotate.title")}
        action={t("webhooks.rotate")}
        onClose={() => ask(null)}
        onConfirm={() => rotate.mutateAsync({ params: { path } })}
      >
        <p>{t("webhooks.rotate.detail")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asked === "remove"}
        danger
        title={t("webhooks.remove.title")}
        action={t("webhooks.remove")}
        onClose={() => ask(null)}
        onConfirm={removed}
      >
        <p>{t("webhooks.remove.detail")}</p>
      </ConfirmDialog>
    </>
  );
}

function EditForm({ one, close }: { one: Shown; close: () => void }) {
  const change = useSend("patch", "/api/v1/webhooks/{webhook}", TOUCHED);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const url = String(form.get("url")).trim();
    change
      .mutateAsync({
        params: { path: { webhook: one.id } },
        body: { digest: one.digest, ...(url ? { url } : {}), ...said(form) },
      })
      .then(close, (error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <Fields one={one} />
      {problem && (
        <div className={styles.whole}>
          <ErrorState problem={problem} />
        </div>
      )}
      <div className={styles.whole}>
        <Foot>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={change.isPending}>
            {t("common.save")}
          </Button>
        </Foot>
      </div>
    </form>
  );
}
