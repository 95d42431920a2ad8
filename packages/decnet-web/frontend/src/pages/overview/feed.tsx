// SPDX-License-Identifier: MIT
/** What happens now: the newest events, pushed by the stream; pause to read. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useLive } from "@/api/live";
import { forget, useGet, type Item } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { usePreferences } from "@/app/preferences";
import { Button } from "@/components/controls/button";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card } from "@/components/show/layout";
import { absolute } from "@/components/show/times";
import { newest } from "./newest";
import styles from "./overview.module.css";

type Event = Item<"/api/v1/events">;

const SHOWN = 40;
const DRAW_MS = 200;
const AGAIN_MS = 5000;

function useFeed(paused: boolean) {
  const first = useGet("/api/v1/events", { params: { query: { limit: SHOWN } } });
  const queries = useQueryClient();
  const [live, setLive] = useState<readonly Event[]>([]);
  const [waiting, setWaiting] = useState(0);
  const held = useRef<Event[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const paused_ = useRef(paused);
  const flush = () => {
    timer.current = undefined;
    if (paused_.current) return setWaiting(held.current.length);
    const come = held.current.splice(0).slice(-SHOWN);
    setWaiting(0);
    if (come.length > 0) setLive((before) => newest(come, before, SHOWN));
  };
  useEffect(() => {
    paused_.current = paused;
    timer.current ??= setTimeout(flush, 0);
  }, [paused]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(again.current);
    },
    [],
  );
  useLive((messages) => {
    for (const one of messages) if (one.event === "event") held.current.push(JSON.parse(one.data) as Event);
    if (held.current.length > 10 * SHOWN && !paused_.current) held.current.splice(0, held.current.length - SHOWN);
    timer.current ??= setTimeout(flush, DRAW_MS);
    // The figures of the page follow, but not with every event.
    again.current ??= setTimeout(() => {
      again.current = undefined;
      forget(queries, ["/api/v1/overview"]);
    }, AGAIN_MS);
  });
  return { events: newest(live, first.data?.items ?? [], SHOWN), waiting, first };
}

export function Feed() {
  const [paused, setPaused] = useState(false);
  const { zone } = usePreferences();
  const { events, waiting, first } = useFeed(paused);
  return (
    <Card
      title={t("overview.feed")}
      actions={
        <>
          {paused && waiting > 0 && <span className="muted">{tn("events.tail.waiting", waiting)}</span>}
          <Button small icon={paused ? "play" : "pause"} aria-pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? t("events.tail.resume") : t("events.tail.pause")}
          </Button>
        </>
      }
    >
      {first.error && events.length === 0 && <ErrorState problem={first.error} onRetry={() => void first.refetch()} />}
      {first.isPending && <Skeleton lines={8} />}
      {!first.isPending && !first.error && events.length === 0 && (
        <EmptyState icon="events" title={t("overview.feed.empty")}>
          <p>{t("overview.feed.empty.do")}</p>
          <code>decnet drill</code>
        </EmptyState>
      )}
      {events.length > 0 && (
        <ol className={styles.feed} tabIndex={0} aria-label={t("overview.feed")}>
          {events.map((event) => (
            <li key={event.id}>
              <span className="muted num">{absolute(event.ts, zone).slice(11)}</span>
              <div>
                <span className={styles.feedHead}>
                  <Link to="/events" search={{ event: event.id, since: "all" }}>
                    {event.kind}
                  </Link>
                  <span className="mono">
                    {event.src_ip} → {event.decky ?? event.sensor}
                  </span>
                </span>
                <span className={styles.feedWords} title={event.summary}>
                  {event.summary}
                </span>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
