// SPDX-License-Identifier: MIT
/** One canary: where it lies, how to plant it, who used it. */
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useGet, useSend, type Data } from "@/api/queries";
import { formatBytes, t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Dialog, Foot } from "@/components/controls/dialog";
import { CopyButton } from "@/components/controls/copy";
import { SelectField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DownloadButton } from "./DownloadButton";
import { Hits } from "./Hits";
import styles from "./canaries.module.css";

type Detail = Data<"/api/v1/canaries/{token}">;

const EVERY_MS = 5_000;
const TOUCHED = ["/api/v1/canaries"];

export default function CanaryPage() {
  const { token = "" } = useParams({ strict: false });
  const { data, error, refetch } = useGet(
    "/api/v1/canaries/{token}",
    { params: { path: { token } } },
    { every: EVERY_MS },
  );
  return (
    <Page
      title={data?.label ?? token}
      about={
        data && (
          <>
            {data.kind} {data.disabled && <Badge tone="warn">{t("canaries.disabled")}</Badge>}
          </>
        )
      }
      actions={data && <Actions one={data} />}
    >
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && (
        <>
          <Card title={t("canaries.facts")}>
            <Facts items={facts(data)} />
          </Card>
          <Hits token={token} />
        </>
      )}
    </Page>
  );
}

function facts(one: Detail): [string, React.ReactNode][] {
  return [
    [
      t("canaries.col.place"),
      <span key="place" className="mono">
        {one.place} <CopyButton text={one.place} what={t("canaries.col.place")} />
      </span>,
    ],
    [t("canaries.token"), <code key="token">{one.token}</code>],
    [t("canaries.col.made"), <Moment key="made" value={one.created_at} />],
    ...(one.file
      ? [[t("canaries.form.file"), `${one.file.name}, ${formatBytes(one.file.size)}`] as [string, string]]
      : []),
    ...(one.plantings.length > 0
      ? [
          [
            t("canaries.planted"),
            <ul key="planted">
              {one.plantings.map((each) => (
                <li key={`${each.decky} ${each.path}`}>
                  {each.decky}: <code>{each.path}</code> <Moment value={each.planted_at} show="ago" />
                </li>
              ))}
            </ul>,
          ] as [string, React.ReactNode],
        ]
      : []),
  ];
}

type Question = "disable" | "remove" | "plant" | null;

function Actions({ one }: { one: Detail }) {
  const allowed = useAllowed("analyst");
  const navigate = useNavigate();
  const [asked, ask] = useState<Question>(null);
  const params = { params: { path: { token: one.token } } };
  const disable = useSend("post", "/api/v1/canaries/{token}/disable", TOUCHED);
  const enable = useSend("post", "/api/v1/canaries/{token}/enable", TOUCHED);
  const remove = useSend("delete", "/api/v1/canaries/{token}", TOUCHED);
  if (!allowed) return null;
  const gone = async () => {
    await navigate({ to: "/canaries" });
    await remove.mutateAsync(params);
  };
  return (
    <>
      {one.file && <DownloadButton token={one.token} name={one.file.name} />}
      <Button onClick={() => ask("plant")}>{t("canaries.plant")}</Button>
      {one.disabled ? (
        <Button onClick={() => enable.mutate(params)}>{t("canaries.enable")}</Button>
      ) : (
        <Button icon="mute" onClick={() => ask("disable")}>
          {t("canaries.disable")}
        </Button>
      )}
      <Button kind="danger" icon="trash" onClick={() => ask("remove")}>
        {t("canaries.remove")}
      </Button>
      <ConfirmDialog
        open={asked === "disable"}
        title={t("canaries.disable.title")}
        action={t("canaries.disable")}
        onClose={() => ask(null)}
        onConfirm={() => disable.mutateAsync(params)}
      >
        <p>{t("canaries.disable.detail")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asked === "remove"}
        danger
        title={t("canaries.remove.title")}
        action={t("canaries.remove")}
        onClose={() => ask(null)}
        onConfirm={gone}
      >
        <p>{t("canaries.remove.detail")}</p>
      </ConfirmDialog>
      {asked === "plant" && <PlantDialog token={one.token} close={() => ask(null)} />}
    </>
  );
}

function PlantDialog({ token, close }: { token: string; close: () => void }) {
  const { data } = useGet("/api/v1/deckies", { params: { query: { limit: 1000 } } });
  const plant = useSend("post", "/api/v1/canaries/{token}/plant", TOUCHED);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { decky: String(form.get("decky")), path: String(form.get("path") ?? "").trim() };
    plant.mutateAsync({ params: { path: { token } }, body }).then(
      (planted) => {
        toast(t("canaries.plant.done", { decky: planted.decky, path: planted.path }));
        close();
      },
      (error: unknown) => setProblem(asProblem(error)),
    );
  };
  return (
    <Dialog open title={t("canaries.plant")} onClose={close}>
      <form onSubmit={submit} className={styles.form}>
        <SelectField
          name="decky"
          label={t("canaries.plant.decky")}
          options={(data?.items ?? []).map((one) => [one.name, one.name] as const)}
          required
        />
        <TextField name="path" label={t("canaries.plant.path")} hint={t("canaries.plant.path.hint")} />
        {problem && <ErrorState problem={problem} />}
        <Foot>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={plant.isPending}>
            {t("canaries.plant")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
