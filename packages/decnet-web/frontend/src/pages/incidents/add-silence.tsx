// SPDX-License-Identifier: MIT
import { useState } from "react";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { TextArea, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import styles from "./incidents.module.css";

interface Props {
  open: boolean;
  onClose: () => void;
  sources?: readonly string[];
}

/** Words of a field, by commas or blanks. */
export const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function AddSilence({ open, onClose, sources = [] }: Props) {
  const add = useSend("post", "/api/v1/silences", ["/api/v1/silences"]);
  const [values, setValues] = useState({
    sources: sources.join(", "),
    deckies: "",
    techniques: "",
    tags: "",
    until: "8h",
    reason: "",
  });
  const field = (name: keyof typeof values) => ({
    value: values[name],
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  });
  const submit = async () => {
    await add.mutateAsync({
      body: {
        sources: words(values.sources),
        deckies: words(values.deckies),
        techniques: words(values.techniques),
        tags: words(values.tags),
        until: values.until,
        reason: values.reason,
      },
    });
    toast(t("silences.added"));
    onClose();
  };
  return (
    <Dialog title={t("silences.add")} open={open} onClose={onClose}>
      <p className="muted">{t("silences.add.about")}</p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          submit().catch(() => undefined); // shown below
        }}
      >
        <TextField label={t("silences.sources")} hint={t("silences.sources.hint")} {...field("sources")} />
        <TextField label={t("silences.deckies")} hint={t("silences.deckies.hint")} {...field("deckies")} />
        <TextField label={t("silences.techniques")} hint={t("silences.techniques.hint")} {...field("techniques")} />
        <TextField label={t("silences.tags")} hint={t("silences.tags.hint")} {...field("tags")} />
        <TextField label={t("silences.until")} hint={t("silences.until.hint")} required {...field("until")} />
        <TextArea label={t("silences.reason")} rows={2} {...field("reason")} />
        {add.error && <ErrorState problem={add.error} />}
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={add.isPending}>
            {t("silences.add")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
