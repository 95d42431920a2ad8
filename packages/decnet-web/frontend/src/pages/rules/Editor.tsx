// SPDX-License-Identifier: MIT
/** Writes a rule, checks it and tries it on the newest events; a good one can be kept as a file of one's own. */
import { useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useGet, useSend, type Data } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { TextArea, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Card } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { EXAMPLE } from "./example";
import styles from "./rules.module.css";

const NEWEST = 20_000;

export function Editor() {
  const [text, setText] = useState(EXAMPLE);
  const [problem, setProblem] = useState<Problem | null>(null);
  const check = useSend("post", "/api/v1/rules/check");
  const run = () => {
    setProblem(null);
    check
      .mutateAsync({ body: { text, replaces: "", newest: NEWEST, seconds: 10 } })
      .catch((error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <div className={styles.columns}>
      <Card>
        <form
          className={`${styles.stack} ${styles.editor}`}
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <TextArea
            label={t("rules.editor.label")}
            rows={24}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              check.reset();
            }}
          />
          <Foot>
            <Button kind="primary" type="submit" disabled={check.isPending}>
              {t("rules.editor.check")}
            </Button>
          </Foot>
        </form>
      </Card>
      <Card title={t("rules.editor.result")}>
        <div className={styles.stack} aria-live="polite">
          {problem && <ErrorState problem={problem} />}
          {!check.data && !problem && <p className="muted">{t("rules.editor.lead")}</p>}
          {check.data && <Checked checked={check.data} />}
          {check.data?.good && <Keep text={text} />}
        </div>
      </Card>
    </div>
  );
}

type Result = NonNullable<ReturnType<typeof useSend<"post", "/api/v1/rules/check">>["data"]>;

function Checked({ checked }: { checked: Result }) {
  return (
    <>
      <p>
        {checked.good ? (
          <Badge tone="good">{t("rules.editor.good")}</Badge>
        ) : (
          <Badge tone="bad">{t("rules.editor.bad")}</Badge>
        )}
      </p>
      <ul className={styles.refusals}>
        {checked.refused.map((one) => (
          <li key={`${one.line} ${one.reason}`}>
            {t("rules.editor.line", { n: one.line })}: {one.reason}
          </li>
        ))}
      </ul>
      {checked.good && <p>{tn("rules.editor.found", checked.findings, { events: checked.events })}</p>}
      <ul className={styles.findings}>
        {checked.first.slice(0, 50).map((one, index) => (
          <li key={index}>
            <Moment value={one.ts} show="ago" />
            <span className="mono">{one.attacker ?? "–"}</span>
            <span>{one.summary}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

type Files = Data<"/api/v1/rules/files">;

function Keep({ text }: { text: string }) {
  const admin = useAllowed("admin");
  const { data } = useGet("/api/v1/rules/files", {}, { enabled: admin });
  if (!admin || !data) return null;
  if (data.folder === null) return <p className="muted">{t("rules.editor.where")}</p>;
  return <KeepForm text={text} files={data} />;
}

function KeepForm({ text, files }: { text: string; files: Files }) {
  const keep = useSend("put", "/api/v1/rules/files/{name}", ["/api/v1/rules"]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [name, setName] = useState("my-rule.yml");
  const digest = files.items.find((one) => one.name === name)?.digest ?? null;
  const save = () => {
    setProblem(null);
    keep.mutateAsync({ params: { path: { name } }, body: { text, digest } }).then(
      () => toast(t("rules.editor.kept", { name })),
      (error: unknown) => setProblem(asProblem(error)),
    );
  };
  return (
    <>
      <TextField
        label={t("rules.editor.name")}
        hint={digest ? t("rules.editor.replaces") : (files.folder ?? "")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button kind="primary" disabled={keep.isPending} onClick={save}>
          {t("rules.editor.keep")}
        </Button>
      </Foot>
    </>
  );
}
