// SPDX-License-Identifier: MIT
import { useEffect, useRef } from "react";
import { namesPlace } from "@/api/problem";
import { usePages, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useDirection, useQueryState, useTimeRange } from "@/app/search";
import { Button } from "@/components/controls/button";
import { CheckField } from "@/components/controls/field";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { Address } from "@/components/show/address";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { EventDrawer } from "./drawer";
import { pivot } from "./language";
import { QueryBox } from "./query-box";
import { SavedSearches } from "./saved";
import { LiveTail } from "./tail";
import styles from "./events.module.css";

type Event = Item<"/api/v1/events">;

const COLUMNS: readonly Column<Event>[] = [
  {
    id: "ts",
    header: t("events.time"),
    width: "9.5rem",
    sort: "ts",
    cell: (event) => <Moment value={event.ts} show="absolute" />,
  },
  {
    id: "kind",
    header: t("events.kind"),
    width: "10rem",
    cell: (event) => <span className={styles.kind}>{event.kind}</span>,
  },
  {
    id: "src",
    header: t("events.source"),
    width: "minmax(8.5rem, 12rem)",
    cell: (event) => event.src_ip && <Address value={event.src_ip} />,
  },
  { id: "decky", header: t("events.decky"), width: "minmax(6rem, 9rem)", cell: (event) => event.decky },
  { id: "port", header: t("events.port"), width: "4rem", align: "end", cell: (event) => event.dst_port },
  { id: "summary", header: t("events.summary"), width: "minmax(16rem, 3fr)", cell: (event) => event.summary },
  { id: "sensor", header: t("events.sensor"), width: "8rem", optional: true, cell: (event) => event.sensor },
  {
    id: "session",
    header: t("events.session"),
    width: "12rem",
    optional: true,
    cell: (event) => event.session && <code>{event.session}</code>,
  },
  {
    id: "occurrences",
    header: t("events.occurrences"),
    width: "6rem",
    align: "end",
    optional: true,
    cell: (event) => event.occurrences,
  },
];
const FILTERS = ["kind", "source", "decky", "session"] as const;
/** So many rows are looked for without a click: a page stands for bounded work, and may have none. */
const WANTED = 50;
const MOST_PAGES = 10;

export default function Events() {
  const [search, change] = useQueryState();
  const range = useTimeRange();
  const q = search.q ?? "";
  const live = search.mode === "live";
  const setQuery = (query: string) =>
    change({
      q: query || undefined,
      event: undefined,
      kind: undefined,
      source: undefined,
      decky: undefined,
      session: undefined,
    });
  // Links of other pages may name single filters: they become part of the query.
  const whole = [
    q,
    ...FILTERS.flatMap((name) => (search[name] ? [pivot(name === "source" ? "src" : name, search[name])] : [])),
  ]
    .filter(Boolean)
    .join(" ");
  const query = {
    q: whole || undefined,
    ...range,
    ...useDirection(),
    known: search.known === "1" || undefined,
    synthetic: search.synthetic === "1" || undefined,
  };
  const events = usePages("/api/v1/events", { params: { query: withoutUndefined(query) } }, { enabled: !live });
  useMorePages(events, `${query.direction ?? ""} ${whole}`);
  const open = (id: string | undefined) => change({ event: id }, { push: id !== undefined });
  return (
    <Page
      title={t("nav.events")}
      actions={
        <div className={styles.modes} role="group" aria-label={t("events.mode")}>
          <Button aria-pressed={!live} icon="search" onClick={() => change({ mode: undefined })}>
            {t("events.mode.search")}
          </Button>
          <Button aria-pressed={live} icon="play" onClick={() => change({ mode: "live" })}>
            {t("events.mode.live")}
          </Button>
        </div>
      }
    >
      <QueryBox query={whole} onQuery={setQuery} problem={events.problem} />
      <SavedSearches query={whole} onQuery={setQuery} />
      {live ? (
        <LiveTail query={whole} onOpen={open} />
      ) : (
        <DataTable
          name="events"
          order="ts"
          label={t("nav.events")}
          columns={COLUMNS}
          rows={events.items}
          rowKey={(event) => event.id}
          onOpen={(event) => open(event.id)}
          loading={events.loading}
          problem={namesPlace(events.problem) ? null : events.problem}
          onRetry={events.again}
          hasMore={events.hasMore}
          onMore={events.more}
          exports={{ path: "/api/v1/events", query }}
          tools={
            <>
              <TimeRange />
              <Switch name="known" label={t("events.known")} />
              <Switch name="synthetic" label={t("events.simulated")} />
            </>
          }
          empty={<Nothing query={whole} further={events.hasMore} wrong={namesPlace(events.problem)} />}
        />
      )}
      {search.event && <EventDrawer id={search.event} onClose={() => open(undefined)} onQuery={setQuery} />}
    </Page>
  );
}

function withoutUndefined<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never;
}

function useMorePages(
  events: { items: readonly unknown[]; hasMore: boolean; fetching: boolean; more: () => void },
  query: string,
): void {
  const asked = useRef({ query, pages: 0 });
  useEffect(() => {
    if (asked.current.query !== query) asked.current = { query, pages: 0 };
    if (events.items.length >= WANTED || !events.hasMore || events.fetching || asked.current.pages >= MOST_PAGES)
      return;
    asked.current.pages += 1;
    events.more();
  }, [events, query]);
}

function Switch({ name, label }: { name: "known" | "synthetic"; label: string }) {
  const [search, change] = useQueryState();
  return (
    <CheckField
      label={label}
      checked={search[name] === "1"}
      onChange={(event) => change({ [name]: event.target.checked ? "1" : undefined })}
    />
  );
}

function Nothing({ query, further, wrong }: { query: string; further: boolean; wrong: boolean }) {
  if (wrong) return <EmptyState icon="warning" title={t("events.empty.wrong")} />;
  if (further) return <EmptyState icon="search" title={t("events.empty.further")} />;
  return (
    <EmptyState icon="events" title={query ? t("events.empty.query") : t("events.empty")}>
      <p>{query ? t("events.empty.query.do") : t("events.empty.do")}</p>
      {!query && <code>decnet drill</code>}
    </EmptyState>
  );
}
