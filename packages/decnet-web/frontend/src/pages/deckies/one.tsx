// SPDX-License-Identifier: MIT
/** One decky: what it should be, what it is, who was on it, and its changes. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useGet, usePages, useSend, type Data } from "@/api/queries";
import { formatNumber, t, tn, tv } from "@/app/i18n";
import { useDirection, useQueryState } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button, buttonClass } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { useNow } from "@/components/show/now";
import { duration, millis } from "@/components/show/times";
import { Words } from "@/components/show/words";
import { addressWords, serviceWords, stateWords, toneOf } from "./decky";
import { PolicyCard } from "./PolicyCard";
import { spans, uptime } from "./uptime";
import { UptimeStrip } from "./UptimeStrip";
import styles from "./one.module.css";

type Detail = Data<"/api/v1/deckies/{name}">;

const EVERY_MS = 5_000;
const WEEK_MS = 7 * 86_400_000;

export default function DeckyPage() {
  const { name = "" } = useParams({ strict: false });
  const { data, error, refetch } = useGet(
    "/api/v1/deckies/{name}",
    { params: { path: { name } } },
    { every: EVERY_MS },
  );
  return (
    <Page
      title={name}
      about={data && <Badge tone={toneOf(data)}>{stateWords(data)}</Badge>}
      actions={data && !data.from_settings && <Actions name={name} version={data.version} />}
    >
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={8} />}
      {data && <Detailed one={data} />}
    </Page>
  );
}

function Actions({ name, version }: { name: string; version: number }) {
  const allowed = useAllowed("admin");
  const [asking, ask] = useState(false);
  const navigate = useNavigate();
  const remove = useSend("delete", "/api/v1/deckies/{name}", ["/api/v1/deckies"]);
  if (!allowed) return null;
  const confirmed = async () => {
    await remove.mutateAsync({ params: { path: { name }, query: { version } } });
    toast(t("deckies.kind.removed"));
    void navigate({ to: "/deckies" });
  };
  return (
    <>
      <Link to="/deploy" search={{ change: name } as never} className={buttonClass({})}>
        {t("deckies.change")}
      </Link>
      <Button kind="danger" icon="trash" onClick={() => ask(true)}>
        {t("deckies.remove")}
      </Button>
      <ConfirmDialog
        open={asking}
        danger
        title={t("deckies.remove.title", { name })}
        action={t("deckies.remove")}
        onClose={() => ask(false)}
        onConfirm={confirmed}
      >
        <p>{t("deckies.remove.detail")}</p>
      </ConfirmDialog>
    </>
  );
}

function Detailed({ one }: { one: Detail }) {
  return (
    <>
      {(one.actual?.error || (one.actual?.drift.length ?? 0) > 0) && <Trouble one={one} />}
      {one.from_settings ? (
        <p className="muted">
          <Words text={t("deckies.settings")} />
        </p>
      ) : (
        <Uptime name={one.name} />
      )}
      <div className={styles.columns}>
        <Card title={t("deckies.facts")}>
          <Facts items={facts(one)} />
        </Card>
        <Visitors one={one} />
      </div>
      {!one.from_settings && (
        <>
          <PolicyCard one={one} />
          <Changes name={one.name} />
        </>
      )}
    </>
  );
}

function facts(one: Detail): [string, React.ReactNode][] {
  return [
    [
      t("deckies.col.address"),
      <span key="a" className="mono">
        {addressWords(one)}
      </span>,
    ],
    [t("deckies.col.persona"), one.persona],
    ...(one.image ? [[t("deckies.image"), one.image] as [string, string]] : []),
    [
      t("deckies.col.services"),
      <span key="s" className="mono">
        {one.services.map(serviceWords).join(", ")}
      </span>,
    ],
    [t("deckies.host"), one.host_name],
    [t("deckies.col.runtime"), one.runtime],
    [t("deckies.interface"), one.interface],
    [t("deckies.mac"), one.mac ?? one.appearance?.mac],
    [t("deckies.sensor"), one.sensor],
    ...seen(one),
    ...(one.from_settings ? [] : deployed(one)),
  ];
}

/** What is known of one that the reconciler keeps as it was deployed. */
function deployed({ version, actual }: Detail): [string, React.ReactNode][] {
  return [
    [t("deckies.col.version"), version],
    [t("deckies.since"), actual ? <Moment key="since" value={actual.since} /> : null],
    [t("deckies.checked"), actual ? <Moment key="checked" value={actual.checked_at} /> : null],
  ];
}

/** What its visitors see of it; the log-ins that it accepts are bait, so they are shown. */
function seen({ appearance }: Detail): [string, React.ReactNode][] {
  if (!appearance) return [];
  return [
    [t("deckies.os"), appearance.os],
    [t("deckies.serial"), <code key="serial">{appearance.serial}</code>],
    [t("deckies.logins"), <code key="logins">{appearance.logins.join(", ")}</code>],
  ];
}

function Trouble({ one }: { one: Detail }) {
  const { actual: state } = one;
  if (!state) return null;
  return (
    <Card title={state.error ? t("deckies.error") : t("deckies.drift")}>
      <ul className={styles.trouble}>
        {state.error && <li>{state.error}</li>}
        {state.drift.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      {state.retry_at && (
        <p className="muted">
          {t("deckies.next.try")}: <Moment value={state.retry_at} show="ago" />,{" "}
          {tn("deckies.attempts", state.attempts)}
        </p>
      )}
    </Card>
  );
}

function Uptime({ name }: { name: string }) {
  const now = useNow();
  const changes = usePages("/api/v1/deckies/{name}/changes", { params: { path: { name }, query: { limit: 200 } } });
  if (changes.loading) return null;
  const records = changes.items.map((one) => ({ kind: one.kind, at: millis(one.ts) ?? 0 }));
  // One that is younger than a week has a strip of its whole life.
  const first = changes.hasMore ? 0 : Math.min(...records.map((one) => one.at), now);
  const found = spans(records, Math.max(now - WEEK_MS, first), now, !changes.hasMore);
  const share = uptime(found);
  const words =
    share === null
      ? t("deckies.uptime.unknown")
      : t("deckies.uptime.words", {
          share: (100 * share).toFixed(share === 1 ? 0 : 2),
          span: duration((now - Math.max(now - WEEK_MS, first)) / 1000),
        });
  return (
    <Card title={t("deckies.uptime")}>
      <UptimeStrip spans={found} label={`${t("deckies.uptime")}: ${words}`} />
      <p className={styles.note}>{words}</p>
    </Card>
  );
}

function Visitors({ one }: { one: Detail }) {
  return (
    <Card
      title={t("deckies.traffic")}
      actions={
        <Link to={"/events" as never} search={{ decky: one.name } as never}>
          {t("nav.events")}
        </Link>
      }
    >
      {one.attackers.length === 0 && <p className="muted">{t("deckies.traffic.none")}</p>}
      <ul className={styles.visitors}>
        {one.attackers.map((each) => (
          <li key={each.attacker}>
            <Address value={each.attacker} />
            <span className="num">{tn("deckies.map.events", each.events)}</span>
            <Moment value={each.last_seen} show="ago" />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Changes({ name }: { name: string }) {
  const [, change] = useQueryState();
  const order = useDirection();
  const query = { limit: 200, ...order };
  const changes = usePages("/api/v1/deckies/{name}/changes", { params: { path: { name }, query } });
  const oldest = order.direction === "asc";
  const turn = (
    <Button small aria-pressed={oldest} onClick={() => change({ direction: oldest ? undefined : "asc" })}>
      {t("deckies.changes.oldest")}
    </Button>
  );
  return (
    <Card title={t("deckies.changes")} {...(changes.items.length > 1 ? { actions: turn } : {})}>
      {changes.problem && <ErrorState problem={changes.problem} onRetry={changes.again} />}
      {!changes.loading && changes.items.length === 0 && <p className="muted">{t("deckies.changes.none")}</p>}
      <ol className={styles.changes}>
        {changes.items.map((one) => (
          <li key={one.id} data-kind={one.kind}>
            <Moment value={one.ts} />
            <span>
              <b>{tv("deckies.kind", one.kind)}</b> <span className="muted">v{formatNumber(one.version)}</span>
            </span>
            <span className="muted">
              {one.actor}
              {one.reason && `: ${one.reason}`}
            </span>
          </li>
        ))}
      </ol>
      {changes.hasMore && <Button onClick={changes.more}>{t("common.more")}</Button>}
    </Card>
  );
}
