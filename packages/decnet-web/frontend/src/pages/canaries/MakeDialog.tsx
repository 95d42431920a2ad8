// SPDX-License-Identifier: MIT
/** Makes a canary, says how to plant it, and waits for its first hit. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { csrfHeader } from "@/api/client";
import { asProblem, problemOf, type Problem } from "@/api/problem";
import { forget, useGet, useSend } from "@/api/queries";
import type { components } from "@/api/schema";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { SelectField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { OWN } from "./Gallery";
import { Made } from "./Made";
import styles from "./canaries.module.css";

type Detail = components["schemas"]["CanaryDetail"] & { content?: string | null };

const SCHEMES = ["postgresql", "mysql", "mongodb", "redis", "mssql", "amqp"] as const;

export function MakeDialog({ kind, close }: { kind: string; close: () => void }) {
  const [made, setMade] = useState<Detail | null>(null);
  const own = kind === OWN;
  const title = made ? t("canaries.made.title") : own ? t("canaries.group.own") : t("canaries.form.title", { kind });
  return (
    <Dialog open title={title} onClose={close}>
      {made ? (
        <Made made={made} again={() => setMade(null)} close={close} />
      ) : own ? (
        <OwnForm close={close} onMade={setMade} />
      ) : (
        <KindForm kind={kind} close={close} onMade={setMade} />
      )}
    </Dialog>
  );
}

interface FormProps {
  close: () => void;
  onMade: (made: Detail) => void;
}

function KindForm({ kind, close, onMade }: FormProps & { kind: string }) {
  const { data, error } = useGet("/api/v1/canaries/kinds", {});
  const make = useSend("post", "/api/v1/canaries", ["/api/v1/canaries"]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const described = data?.items.find((one) => one.kind === kind);
  if (error) return <ErrorState problem={error} />;
  if (!data) return <Skeleton lines={3} />;
  if (!described) return <p>{t("canaries.kinds.unknown", { kind })}</p>;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    setProblem(null);
    make
      .mutateAsync({
        body: {
          kind,
          label: text("label"),
          to: text("to"),
          site: text("site"),
          scheme: text("scheme") || "postgresql",
        },
      })
      .then(onMade, (error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <p className="muted">{described.trips}</p>
      <Label />
      {described.needs.includes("to") && (
        <TextField
          name="to"
          type="url"
          label={t("canaries.form.to")}
          placeholder="https://intranet.example.com/"
          required
        />
      )}
      {described.needs.includes("site") && (
        <TextField name="site" label={t("canaries.form.site")} placeholder="www.example.com" required />
      )}
      {kind === "connection" && (
        <SelectField
          name="scheme"
          label={t("canaries.form.scheme")}
          options={SCHEMES.map((one) => [one, one] as const)}
        />
      )}
      {problem && <ErrorState problem={problem} />}
      <Buttons close={close} busy={make.isPending} />
    </form>
  );
}

function OwnForm({ close, onMade }: FormProps) {
  const queries = useQueryClient();
  const { data } = useGet("/api/v1/canaries/kinds", {});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get("file");
    if (!(file instanceof File)) return;
    setBusy(true);
    setProblem(null);
    try {
      onMade(await instrument(file, String(form.get("label") ?? "").trim()));
      forget(queries, ["/api/v1/canaries"]);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className={styles.form}>
      <p className="muted">{t("canaries.own.lead", { formats: data?.formats.join(", ") ?? "" })}</p>
      <TextField name="file" type="file" label={t("canaries.form.file")} accept={data?.formats.join(",")} required />
      <Label />
      {problem && <ErrorState problem={problem} />}
      <Buttons close={close} busy={busy} />
    </form>
  );
}

function Label() {
  return (
    <TextField
      name="label"
      label={t("canaries.form.label")}
      hint={t("canaries.form.label.hint")}
      maxLength={255}
      required
      autoFocus
    />
  );
}

function Buttons({ close, busy }: { close: () => void; busy: boolean }) {
  return (
    <Foot>
      <Button onClick={close}>{t("common.cancel")}</Button>
      <Button kind="primary" type="submit" disabled={busy}>
        {t("canaries.form.make")}
      </Button>
    </Foot>
  );
}

/** The document is the body of the request, so it is sent without the typed client. */
async function instrument(file: File, label: string): Promise<Detail> {
  const query = new URLSearchParams({ name: file.name, label });
  const response = await fetch(`/api/v1/canaries/instrument?${query.toString()}`, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/octet-stream", ...csrfHeader("POST") },
    credentials: "same-origin",
    body: file,
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Detail;
}
