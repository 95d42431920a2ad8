// SPDX-License-Identifier: MIT
/** Sensor hosts: enrol one with one command, see that it has come, revoke, renew. */
import { useState } from "react";
import { useGet, useSend, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog, Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { toast } from "@/components/feedback/toast";
import { Badge } from "@/components/show/badge";
import { Card, Code, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { Enrol } from "./Enrol";
import { isSilent, toneOf } from "./sensor";
import styles from "./sensors.module.css";

type Sensor = Data<"/api/v1/sensors">["items"][number];

const EVERY_MS = 5_000;
const TOUCHED = ["/api/v1/sensors"];
const EXAMPLE = '[listener]\nlisten = "0.0.0.0:6514"\nenrol = "0.0.0.0:6515"\npublic = "decnet.example.com"';

export default function SensorsPage() {
  const admin = useAllowed("admin");
  const { data, error, isPending, refetch } = useGet("/api/v1/sensors", {}, { every: EVERY_MS });
  const [enrolling, setEnrolling] = useQueryValue("enrol");
  const listening = data?.listening ?? false;
  return (
    <Page
      title={t("sensors.title")}
      about={t("sensors.lead")}
      actions={
        admin &&
        listening && (
          <>
            <Renew />
            <Button kind="primary" icon="plus" onClick={() => setEnrolling("1")}>
              {t("sensors.enrol")}
            </Button>
          </>
        )
      }
    >
      {data && <Listener listening={listening} ending={data.ending} />}
      <DataTable
        name="sensors"
        label={t("sensors.title")}
        columns={columns(admin)}
        rows={data?.items ?? []}
        rowKey={(one) => one.name}
        tone={(one) => (isSilent(one) ? "bad" : undefined)}
        loading={isPending}
        problem={error}
        onRetry={() => void refetch()}
        empty={<Nobody {...(admin && listening ? { enrol: () => setEnrolling("1") } : {})} />}
      />
      {enrolling && admin && (
        <Dialog open shape="wide" title={t("sensors.enrol")} onClose={() => setEnrolling(undefined)}>
          <Enrol close={() => setEnrolling(undefined)} />
        </Dialog>
      )}
    </Page>
  );
}

function Listener({ listening, ending }: { listening: boolean; ending: boolean }) {
  if (listening) return ending ? <Badge tone="warn">{t("sensors.ending")}</Badge> : null;
  return (
    <Card title={t("sensors.unset.title")}>
      <div className={styles.stack}>
        <p>{t("sensors.unset.detail")}</p>
        <Code text={EXAMPLE} what="TOML" />
      </div>
    </Card>
  );
}

function Nobody({ enrol }: { enrol?: () => void }) {
  return (
    <EmptyState icon="sensors" title={t("sensors.empty.title")}>
      <p>{t("sensors.empty.detail")}</p>
      {enrol && (
        <Button kind="primary" onClick={enrol}>
          {t("sensors.enrol")}
        </Button>
      )}
    </EmptyState>
  );
}

function columns(admin: boolean): Column<Sensor>[] {
  const time = (id: string, header: string, value: (one: Sensor) => string | null): Column<Sensor> => ({
    id,
    header,
    width: "9rem",
    cell: (one) => <Moment value={value(one)} show="ago" />,
  });
  return [
    {
      id: "name",
      header: t("sensors.col.name"),
      width: "minmax(9rem, 1fr)",
      cell: (one) => <strong>{one.name}</strong>,
    },
    {
      id: "state",
      header: t("sensors.col.state"),
      width: "11rem",
      cell: (one) => (
        <>
          <Badge tone={toneOf(one)}>{t(`sensors.state.${one.state}`)}</Badge>
          {isSilent(one) && <Badge tone="bad">{t("sensors.silent")}</Badge>}
        </>
      ),
    },
    {
      id: "contact",
      header: t("sensors.col.contact"),
      width: "8.5rem",
      cell: (one) =>
        one.connected ? (
          <Badge tone="good">{t("sensors.connected")}</Badge>
        ) : (
          <Moment value={one.last_contact_at} show="ago" />
        ),
    },
    time("last", t("sensors.col.last"), (one) => one.last_events_at),
    {
      id: "from",
      header: t("sensors.col.from"),
      width: "9rem",
      cell: (one) => <span className="mono">{one.address || "–"}</span>,
    },
    time("until", t("sensors.col.until"), (one) => one.valid_until),
    time("enrolled", t("sensors.col.enrolled"), (one) => one.enrolled_at),
    time("renewed", t("sensors.col.renewed"), (one) => one.renewed_at),
    ...(admin
      ? [{ id: "actions", header: t("table.actions"), width: "8rem", cell: (one: Sensor) => <End one={one} /> }]
      : []),
  ];
}

/** Revokes a sensor, or forgets one that is revoked. */
function End({ one }: { one: Sensor }) {
  const [asking, ask] = useState(false);
  const revoke = useSend("post", "/api/v1/sensors/{name}/revoke", TOUCHED);
  const forget = useSend("delete", "/api/v1/sensors/{name}", TOUCHED);
  const order = one.state === "revoked" ? "forget" : "revoke";
  const send = order === "forget" ? forget : revoke;
  return (
    <>
      <Button small kind="danger" onClick={() => ask(true)} aria-label={`${t(`sensors.${order}`)}: ${one.name}`}>
        {t(`sensors.${order}`)}
      </Button>
      <ConfirmDialog
        open={asking}
        danger
        title={t(`sensors.${order}.title`, { name: one.name })}
        action={t(`sensors.${order}`)}
        onClose={() => ask(false)}
        onConfirm={() => send.mutateAsync({ params: { path: { name: one.name } } })}
      >
        <p>{t(`sensors.${order}.detail`)}</p>
      </ConfirmDialog>
    </>
  );
}

function Renew() {
  const [asking, ask] = useState(false);
  const renew = useSend("post", "/api/v1/sensors/renew", TOUCHED);
  const act = async () => {
    const made = await renew.mutateAsync({ body: { hosts: [], new_keys: false, force: false } });
    toast(t("sensors.renewed", { when: made.not_after.slice(0, 10) }));
  };
  return (
    <>
      <Button onClick={() => ask(true)}>{t("sensors.renew")}</Button>
      <ConfirmDialog
        open={asking}
        title={t("sensors.renew.title")}
        action={t("sensors.renew")}
        onClose={() => ask(false)}
        onConfirm={act}
      >
        <p>{t("sensors.renew.detail")}</p>
      </ConfirmDialog>
    </>
  );
}
