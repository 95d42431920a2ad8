// SPDX-License-Identifier: MIT
/** The settings file: another text is checked first, and what it changes is shown before it is written. */
import { useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useGet, useSend, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { TextArea } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Card } from "@/components/show/layout";
import { Differences } from "@/pages/deckies/plan/PlanView";
import { valueText } from "./values";
import styles from "./settings.module.css";

type File = Data<"/api/v1/settings/file">;

export function FileEditor() {
  const { data, error, refetch } = useGet("/api/v1/settings/file", {});
  if (error) return <ErrorState problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={320} />;
  return <Editor key={data.digest} file={data} />;
}

function Editor({ file }: { file: File }) {
  const [text, setText] = useState(file.text ?? "");
  const [problem, setProblem] = useState<Problem | null>(null);
  const check = useSend("post", "/api/v1/settings/check");
  const write = useSend("put", "/api/v1/settings/file", ["/api/v1/settings"]);
  const plan = check.data;
  const told = (order: Promise<unknown>) => {
    setProblem(null);
    order.catch((error: unknown) => setProblem(asProblem(error)));
  };
  const save = async () => {
    await write.mutateAsync({ body: { text, digest: file.digest } });
    toast(t("fleetsettings.written"));
  };
  return (
    <div className={styles.stack}>
      <Card title={<code>{file.path}</code>}>
        <form
          className={`${styles.stack} ${styles.editor}`}
          onSubmit={(event) => {
            event.preventDefault();
            told(check.mutateAsync({ body: { text } }));
          }}
        >
          <p className="muted">{t("fleetsettings.secrets")}</p>
          <TextArea
            label={t("fleetsettings.text")}
            rows={20}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              check.reset();
            }}
          />
          {problem && <ErrorState problem={problem} />}
          <Foot>
            <Button type="submit" disabled={check.isPending}>
              {t("fleetsettings.check")}
            </Button>
          </Foot>
        </form>
      </Card>
      {plan && (
        <Card title={t("deckies.plan.title")}>
          <div className={styles.stack}>
            <ul className={styles.problems}>
              {plan.problems.map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
            {plan.differences.length === 0 && plan.problems.length === 0 && <p>{t("fleetsettings.same")}</p>}
            <Differences
              both
              differences={plan.differences.map((one) => ({
                field: `[${one.section}] ${one.name}`,
                before: valueText(one.before),
                after: valueText(one.after),
              }))}
            />
            {plan.whole_fleet && <p>{t("fleetsettings.restart.fleet")}</p>}
            {plan.restart.length > 0 && <p>{t("fleetsettings.restart", { names: plan.restart.join(", ") })}</p>}
            {plan.problems.length === 0 && (
              <Foot>
                <Button kind="primary" disabled={write.isPending} onClick={() => told(save())}>
                  {t("fleetsettings.write")}
                </Button>
              </Foot>
            )}
          </div>
        </Card>
      )}
    </div>
  );
}
