// SPDX-License-Identifier: MIT
import { Go } from "@/components/pivot/go";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useLive } from "@/api/live";
import { useGet, useSend, type Data } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { TextArea } from "@/components/controls/field";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Address } from "@/components/show/address";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Score } from "@/components/show/score";
import { Severity } from "@/components/show/severity";
import { AddKnown } from "./add-known";
import { AddSilence } from "./add-silence";
import { IncidentState } from "./state";
import { Timeline } from "./timeline";
import styles from "./incidents.module.css";

type Whole = Data<"/api/v1/incidents/{number}">;
const CHANGED = ["/api/v1/incidents", "/api/v1/overview"] as const;

export default function IncidentPage() {
  const { number } = useParams({ strict: false }) as { number: string };
  const incident = useGet("/api/v1/incidents/{number}", { params: { path: { number: Number(number) } } });
  useLive((messages) => {
    if (messages.some((one) => one.event === "notice")) void incident.refetch();
  });
  const whole = incident.data;
  if (incident.error || !whole)
    return (
      <Page title={t("incidents.one", { n: number })}>
        {incident.error ? (
          <ErrorState problem={incident.error} onRetry={() => void incident.refetch()} />
        ) : (
          <Skeleton lines={10} height={24} />
        )}
      </Page>
    );
  return (
    <Page
      title={t("incidents.title", { n: String(whole.summary.incident), title: whole.title })}
      about={<Head whole={whole} />}
      actions={<Actions whole={whole} />}
    >
      <div className={styles.layout}>
        <Card title={t("incidents.timeline")}>
          {whole.timeline.length === 0 ? (
            <EmptyState icon="clock" title={t("incidents.timeline.empty")} />
          ) : (
            <Timeline whole={whole} />
          )}
        </Card>
        <div className={styles.side}>
          <Summary whole={whole} />
          <Notes whole={whole} />
          <Values whole={whole} />
        </div>
      </div>
    </Page>
  );
}

function Head({ whole: { summary } }: { whole: Whole }) {
  return (
    <span className={styles.head}>
      <Severity value={summary.severity} />
      <IncidentState state={summary.state} />
      <Moment value={summary.last_seen} />
    </span>
  );
}

function useAct(whole: Whole) {
  const path = { params: { path: { number: whole.summary.incident } } };
  const acknowledge = useSend("post", "/api/v1/incidents/{number}/acknowledge", CHANGED);
  const close = useSend("post", "/api/v1/incidents/{number}/close", CHANGED);
  const act = async (send: typeof acknowledge | typeof close, done: string) => {
    try {
      const outcome = await send.mutateAsync({ ...path, body: { note: "" } });
      if (outcome.done) toast(done);
      else toast(t("incidents.earlier", { who: outcome.earlier?.who ?? "" }), "bad");
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), "bad");
    }
  };
  return {
    acknowledge: () => void act(acknowledge, t("incidents.acknowledged")),
    close: () => void act(close, t("incidents.closed")),
    busy: acknowledge.isPending || close.isPending,
  };
}

function Actions({ whole }: { whole: Whole }) {
  const analyst = useAllowed("analyst");
  const act = useAct(whole);
  const [open, setOpen] = useState<"silence" | "known" | null>(null);
  const { state, attacker } = whole.summary;
  if (!analyst) return null;
  return (
    <>
      {state === "new" && (
        <Button kind="primary" icon="check" disabled={act.busy} onClick={act.acknowledge}>
          {t("incidents.acknowledge")}
        </Button>
      )}
      {state !== "closed" && (
        <Button icon="close" disabled={act.busy} onClick={act.close}>
          {t("incidents.close")}
        </Button>
      )}
      <Button icon="mute" onClick={() => setOpen("silence")}>
        {t("incidents.silence")}
      </Button>
      <Button icon="audit" onClick={() => setOpen("known")}>
        {t("incidents.ours")}
      </Button>
      <AddSilence
        key={`silence ${open}`}
        open={open === "silence"}
        onClose={() => setOpen(null)}
        sources={[attacker]}
      />
      <AddKnown key={`known ${open}`} open={open === "known"} onClose={() => setOpen(null)} network={attacker} />
    </>
  );
}

function Summary({ whole: { summary, merged } }: { whole: Whole }) {
  return (
    <Card title={t("incidents.summary")}>
      <Facts
        items={[
          [t("incidents.attacker"), <Address key="a" value={summary.attacker} copy />],
          [t("incidents.score"), <Score key="s" value={summary.score} />],
          [t("incidents.attackers"), summary.attackers],
          [t("incidents.notices"), summary.notices],
          [t("incidents.first"), <Moment key="f" value={summary.first_seen} />],
          [t("incidents.last"), <Moment key="l" value={summary.last_seen} />],
          [t("incidents.line"), <code key="c">{summary.line}</code>],
          [
            t("incidents.identity"),
            summary.identity && (
              <Link key="i" to="/identities/$id" params={{ id: summary.identity }} search={{}}>
                {t("incidents.identity.open")}
              </Link>
            ),
          ],
          ...(merged.length > 0 ? ([[t("incidents.merged"), merged.map((n) => `#${n}`).join(", ")]] as const) : []),
        ]}
      />
    </Card>
  );
}

function Notes({ whole }: { whole: Whole }) {
  const analyst = useAllowed("analyst");
  const add = useSend("post", "/api/v1/incidents/{number}/notes", CHANGED);
  const [note, setNote] = useState("");
  const submit = async () => {
    await add.mutateAsync({ params: { path: { number: whole.summary.incident } }, body: { note } });
    setNote("");
  };
  return (
    <Card title={t("incidents.actions")}>
      {whole.actions.length === 0 && <p className="muted">{t("incidents.actions.empty")}</p>}
      <ol className={styles.actions}>
        {whole.actions.map((one) => (
          <li key={one.seq}>
            <strong>{one.who}</strong> {tv("incidents.verb", one.verb)}
            {one.note && <p>{one.note}</p>}
            <small>
              <Moment value={one.created_at} />
            </small>
          </li>
        ))}
      </ol>
      {analyst && (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            submit().catch(() => undefined); // shown below
          }}
        >
          <TextArea
            label={t("incidents.note")}
            rows={3}
            required
            maxLength={4000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
          {add.error && <ErrorState problem={add.error} />}
          <Button type="submit" small disabled={add.isPending}>
            {t("incidents.note.add")}
          </Button>
        </form>
      )}
    </Card>
  );
}

/** Deckies, services, techniques, tokens and addresses of the incident, by how often. */
function Values({ whole }: { whole: Whole }) {
  const fields = [...new Set(whole.values.map((one) => one.field))];
  if (fields.length === 0) return null;
  return (
    <Card title={t("incidents.values")}>
      <div className={styles.values}>
        {fields.map((field) => (
          <section key={field}>
            <h3>{tv("incidents.field", field)}</h3>
            <ul>
              {whole.values
                .filter((one) => one.field === field)
                .map((one) => (
                  <li key={one.value}>
                    <Value field={field} value={one.value} />
                    <span className="muted num">{one.notices}</span>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
    </Card>
  );
}

/** One of these values, with a link to what else is known of it. */
function Value({ field, value }: { field: string; value: string }) {
  if (field === "attacker") return <Address value={value} />;
  if (field === "decky")
    return (
      <Go to="/events" search={{ decky: value, since: "all" }}>
        {value}
      </Go>
    );
  if (field === "technique")
    return (
      <Go to="/techniques" search={{ technique: value, since: "all" }}>
        {value}
      </Go>
    );
  if (field === "token")
    return (
      <Go to="/canaries/$token" params={{ token: value }}>
        {value}
      </Go>
    );
  return <span>{value}</span>;
}
