// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useGet, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { Dialog } from "@/components/controls/dialog";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Code, Facts } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { pivot } from "./language";

type Event = Item<"/api/v1/events">;

/** One event: its fields, its payload, and searches for more of the same. */
export function EventDrawer({
  id,
  onClose,
  onQuery,
}: {
  id: string;
  onClose: () => void;
  onQuery: (query: string) => void;
}) {
  const event = useGet("/api/v1/events/{event}", { params: { path: { event: id } } });
  return (
    <Dialog title={event.data?.kind ?? t("events.one")} open onClose={onClose} shape="drawer">
      {event.error && <ErrorState problem={event.error} onRetry={() => void event.refetch()} />}
      {event.isPending && <Skeleton lines={8} />}
      {event.data && <Details event={event.data} onQuery={onQuery} />}
    </Dialog>
  );
}

function Details({ event, onQuery }: { event: Event; onQuery: (query: string) => void }) {
  const more = (field: string, value: string | null | undefined, shown?: ReactNode): ReactNode =>
    value ? (
      <>
        {shown ?? value}{" "}
        <Button
          small
          kind="plain"
          icon="filter"
          aria-label={t("events.more", { what: pivot(field, value) })}
          onClick={() => onQuery(pivot(field, value))}
        />
      </>
    ) : null;
  const target = [event.dst_ip, event.dst_port].filter((part) => part !== null).join(" : ");
  return (
    <>
      <p>{event.summary}</p>
      <Facts
        items={
          [
            [t("events.time"), <Moment key="ts" value={event.ts} fraction />],
            [t("events.kind"), more("kind", event.kind, <code>{event.kind}</code>)],
            [t("events.source"), more("src", event.src_ip, event.src_ip && <Address value={event.src_ip} copy />)],
            [t("events.decky"), more("decky", event.decky)],
            [t("events.target"), target || null],
            [t("events.session"), event.session && more("session", event.session, <SessionLink event={event} />)],
            [t("events.sensor"), more("sensor", event.sensor)],
            [t("events.occurrences"), event.occurrences > 1 ? event.occurrences : null],
            [t("events.synthetic"), event.synthetic ? <Badge tone="warn">{t("common.yes")}</Badge> : null],
            [t("events.seq"), event.seq],
            [t("events.id"), <Id key="id" id={event.id} />],
          ].filter(([, value]) => value !== null) as [string, ReactNode][]
        }
      />
      <Code text={JSON.stringify(event.payload, null, 2)} what={t("events.payload")} />
    </>
  );
}

function Id({ id }: { id: string }) {
  return (
    <>
      <code>{id}</code> <CopyButton text={id} what={t("events.id")} />
    </>
  );
}

function SessionLink({ event }: { event: Event }) {
  return (
    <Link to="/sessions/$session" params={{ session: event.session ?? "" }} search={{}}>
      <code>{event.session}</code>
    </Link>
  );
}
