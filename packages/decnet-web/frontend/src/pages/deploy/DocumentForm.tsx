// SPDX-License-Identifier: MIT
/** The whole fleet as a document: the one that is desired now, a file, or an example to begin with. */
import { useRef, useState } from "react";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { TextArea } from "@/components/controls/field";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card } from "@/components/show/layout";
import { EXAMPLE } from "./example";
import type { FormProps } from "./wish";
import styles from "./deploy.module.css";

export function DocumentForm(props: FormProps) {
  const { data, isPending } = useGet("/api/v1/fleet/document", {});
  if (isPending) return <Skeleton height={360} />;
  return <Editor {...props} desired={data?.document ?? ""} />;
}

function Editor({ busy, onPlan, desired }: FormProps & { desired: string }) {
  const [text, setText] = useState(desired || EXAMPLE);
  const file = useRef<HTMLInputElement>(null);
  const open = async (chosen: File | undefined) => {
    if (chosen) setText(await chosen.text());
  };
  return (
    <Card>
      <form
        className={`${styles.stack} ${styles.editor}`}
        onSubmit={(event) => {
          event.preventDefault();
          onPlan({ document: text });
        }}
      >
        <div className={styles.tools}>
          <Button small onClick={() => setText(desired)} disabled={desired === ""}>
            {t("deckies.document.load")}
          </Button>
          <Button small onClick={() => setText(EXAMPLE)}>
            {t("deckies.document.example")}
          </Button>
          <Button small onClick={() => file.current?.click()}>
            {t("deckies.document.file")}
          </Button>
          <input
            ref={file}
            type="file"
            accept=".toml,text/plain"
            hidden
            onChange={(event) => void open(event.target.files?.[0])}
          />
        </div>
        <TextArea
          label={t("deckies.document.label")}
          hint={t("deckies.document.hint")}
          rows={22}
          value={text}
          onChange={(event) => setText(event.target.value)}
          required
        />
        <Foot>
          <Button kind="primary" type="submit" disabled={busy}>
            {t("deckies.form.plan")}
          </Button>
        </Foot>
      </form>
    </Card>
  );
}
