// SPDX-License-Identifier: MIT
/** What may be said of a receiver: its format with what that needs, and what it is told of. */
import { useState } from "react";
import { useGet, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { CheckField, SelectField, TextField } from "@/components/controls/field";
import { SEVERITIES } from "./receiver";
import styles from "./webhooks.module.css";

type Shown = Data<"/api/v1/webhooks">["items"][number];

/** With `one` it is changed: a token that is not given stays. */
export function Fields({ one }: { one?: Shown }) {
  const { data } = useGet("/api/v1/webhooks/formats", {});
  const [format, setFormat] = useState(one?.format ?? "");
  const known = (data?.items ?? []).map((each) => [each.name, each.title] as const);
  const chosen = data?.items.find((each) => each.name === format);
  return (
    <>
      <SelectField
        name="format"
        label={t("webhooks.form.format")}
        value={format}
        onChange={(event) => setFormat(event.target.value)}
        options={one ? known : [["", t("webhooks.form.format.auto")], ...known]}
      />
      <Url chosen={chosen} {...(one ? { one } : {})} />
      <Token chosen={chosen} isNew={!one} />
      <Options chosen={chosen} {...(one ? { one } : {})} />
      <Selection {...(one ? { one } : {})} notices={data?.notices ?? []} />
    </>
  );
}

type Format = Data<"/api/v1/webhooks/formats">["items"][number];

function Url({ chosen, one }: { chosen: Format | undefined; one?: Shown }) {
  return (
    <TextField
      name="url"
      label={t("webhooks.form.url")}
      hint={chosen ? chosen.travels_by.join(", ") : t("webhooks.form.url.hint")}
      placeholder={one ? one.url : "https://hooks.example.com/…"}
      required={!one}
    />
  );
}

function Token({ chosen, isNew }: { chosen: Format | undefined; isNew: boolean }) {
  if (chosen && chosen.token === null) return null;
  const hints = [chosen?.token, isNew ? null : t("webhooks.form.token.keep")];
  return (
    <TextField
      name="token"
      type="password"
      autoComplete="new-password"
      label={t("webhooks.form.token")}
      hint={hints.filter(Boolean).join(". ")}
      required={isNew && chosen !== undefined && !chosen.token_optional}
    />
  );
}

function Options({ chosen, one }: { chosen: Format | undefined; one?: Shown }) {
  return Object.entries(chosen?.options ?? {}).map(([name, meaning]) => (
    <TextField
      key={name}
      name={`option.${name}`}
      label={name}
      hint={meaning}
      defaultValue={one?.options[name]}
      required={!meaning.startsWith("optional") && !one}
    />
  ));
}

function Selection({ one, notices }: { one?: Shown; notices: readonly { kind: string; meaning: string }[] }) {
  return (
    <>
      <SelectField
        name="sends"
        label={t("webhooks.form.sends")}
        defaultValue={one?.selection.sends ?? ""}
        options={[
          ...(one ? [] : [["", t("webhooks.form.sends.auto")] as const]),
          ["incidents", t("webhooks.form.sends.incidents")],
          ["notices", t("webhooks.form.sends.notices")],
        ]}
      />
      <SelectField
        name="severity"
        label={t("webhooks.form.severity")}
        defaultValue={one?.selection.severity ?? "low"}
        options={SEVERITIES.map((each, index) => [each, t(`severity.${(index + 1) as 1 | 2 | 3 | 4}`)] as const)}
      />
      <TextField
        name="kinds"
        label={t("webhooks.form.kinds")}
        hint={t("webhooks.form.kinds.hint")}
        defaultValue={one?.kinds.join(", ")}
        list="notice-kinds"
      />
      <datalist id="notice-kinds">
        {notices.map((each) => (
          <option key={each.kind} value={each.kind}>
            {each.meaning}
          </option>
        ))}
      </datalist>
      <TextField
        name="deckies"
        label={t("webhooks.form.deckies")}
        defaultValue={one?.selection.deckies.join(", ")}
        placeholder="web-*, db-01"
      />
      <TextField
        name="quiet"
        label={t("webhooks.form.quiet")}
        defaultValue={one?.selection.quiet.join(", ")}
        placeholder="mon-fri 22:00-06:00"
      />
      <div className={styles.whole}>
        <CheckField name="private" label={t("webhooks.form.private")} defaultChecked={one?.allow_private ?? false} />
      </div>
    </>
  );
}
