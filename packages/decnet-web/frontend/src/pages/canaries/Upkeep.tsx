// SPDX-License-Identifier: MIT
/** Tokens for a backup or another fleet, and whether DNS queries for them arrive. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { csrfHeader } from "@/api/client";
import { asProblem, problemOf, type Problem } from "@/api/problem";
import { download, forget, useSend } from "@/api/queries";
import type { components } from "@/api/schema";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Card, Grid } from "@/components/show/layout";
import styles from "./canaries.module.css";

type Checked = components["schemas"]["DelegationChecked"];
type Imported = components["schemas"]["CanariesImported"];

export function Upkeep() {
  const analyst = useAllowed("analyst");
  const admin = useAllowed("admin");
  return (
    <Grid least="22rem">
      {analyst && <CheckDns />}
      {admin && <Export />}
      {admin && <Import />}
      {!analyst && <p className="muted">{t("canaries.upkeep.role")}</p>}
    </Grid>
  );
}

function CheckDns() {
  const check = useSend("post", "/api/v1/canaries/check-dns", []);
  const [found, setFound] = useState<Checked | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const resolver = String(new FormData(event.currentTarget).get("resolver") ?? "").trim();
    setProblem(null);
    setFound(null);
    check.mutateAsync({ body: { resolver } }).then(setFound, (error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <Card title={t("canaries.dns.title")}>
      <form onSubmit={submit} className={styles.form}>
        <p className="muted">{t("canaries.dns.lead")}</p>
        <TextField
          name="resolver"
          label={t("canaries.dns.resolver")}
          hint={t("canaries.dns.resolver.hint")}
          maxLength={64}
        />
        {problem && <ErrorState problem={problem} />}
        <Button kind="primary" type="submit" disabled={check.isPending}>
          {t("canaries.dns.check")}
        </Button>
      </form>
      {found && <Steps found={found} />}
    </Card>
  );
}

function Steps({ found }: { found: Checked }) {
  return (
    <div role="status">
      <Badge tone={found.good ? "good" : "bad"}>{t(found.good ? "canaries.dns.good" : "canaries.dns.bad")}</Badge>
      <ol>
        {found.steps.map((one) => (
          <li key={one.what}>
            <Badge tone={one.ok ? "good" : "bad"}>{t(one.ok ? "canaries.dns.ok" : "canaries.dns.failed")}</Badge>{" "}
            {one.what}
            {!one.ok && one.remedy && <p className="muted">{one.remedy}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Export() {
  const save = () =>
    download("/api/v1/canaries/export", "application/json", "canaries.json").catch((error: unknown) =>
      toast(asProblem(error).message, "bad"),
    );
  return (
    <Card title={t("canaries.export.title")}>
      <p className="muted">{t("canaries.export.lead")}</p>
      <Button icon="download" onClick={() => void save()}>
        {t("canaries.export.save")}
      </Button>
    </Card>
  );
}

function Import() {
  const queries = useQueryClient();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const file = new FormData(form).get("file");
    if (!(file instanceof File)) return;
    setBusy(true);
    setProblem(null);
    try {
      const { new: fresh, known } = await sent(file);
      toast(t("canaries.import.done", { fresh, known }), "good");
      forget(queries, ["/api/v1/canaries"]);
      form.reset();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={t("canaries.import.title")}>
      <form onSubmit={(event) => void submit(event)} className={styles.form}>
        <p className="muted">{t("canaries.import.lead")}</p>
        <TextField name="file" type="file" label={t("canaries.import.file")} accept=".json,application/json" required />
        {problem && <ErrorState problem={problem} />}
        <Button kind="primary" type="submit" disabled={busy}>
          {t("canaries.import.add")}
        </Button>
      </form>
    </Card>
  );
}

/** The document is the body of the request, so it is sent without the typed client. */
async function sent(file: File): Promise<Imported> {
  const response = await fetch("/api/v1/canaries/import", {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/octet-stream", ...csrfHeader("POST") },
    credentials: "same-origin",
    body: file,
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Imported;
}
