// SPDX-License-Identifier: MIT
/** The live tail: events as they arrive, newest first, up to a million; scrolled away from the top it stands still. */
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useLive } from "@/api/live";
import type { Message } from "@/api/sse";
import { t, tn } from "@/app/i18n";
import { usePreferences } from "@/app/preferences";
import { Button } from "@/components/controls/button";
import { EmptyState } from "@/components/feedback/empty-state";
import { absolute } from "@/components/show/times";
import { matcher, type TailEvent } from "./language";
import { Ring } from "./ring";
import { viewOf } from "./window";
import styles from "./events.module.css";

const CAPACITY = 1_000_000;
const ROW = 28;
/** The list is drawn anew at most so often for new events; for scrolling with every frame. */
const DRAW_MS = 100;

function readEvents(messages: readonly Message[]): TailEvent[] {
  return messages.filter((one) => one.event === "event").map((one) => trimmed(JSON.parse(one.data) as TailEvent));
}

/** Only what the rows show: the payload would fill the memory. */
function trimmed({ seq, id, ts, kind, src_ip, decky, session, sensor, dst_port, summary }: TailEvent): TailEvent {
  return {
    seq,
    id,
    ts,
    kind,
    src_ip,
    decky,
    session: session ?? null,
    sensor: sensor ?? "",
    dst_port: dst_port ?? null,
    summary,
  };
}

interface Tail {
  ring: Ring<TailEvent>;
  waiting: number;
  drawn: number;
}

function useTail(query: string, paused: boolean): Tail {
  const ring = useMemo(() => {
    void query; // another query is another tail
    return new Ring<TailEvent>(CAPACITY);
  }, [query]);
  const matches = useMemo(() => matcher(query), [query]);
  const held = useRef<TailEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [drawn, setDrawn] = useState(0);
  const [waiting, setWaiting] = useState(0);
  const draw = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setDrawn((n) => n + 1);
      setWaiting(held.current.length);
    }, DRAW_MS);
  }, []);
  useLive((messages) => {
    const found = readEvents(messages).filter(matches);
    if (found.length === 0) return;
    if (paused) {
      held.current.push(...found);
      if (held.current.length > CAPACITY) held.current.splice(0, held.current.length - CAPACITY);
    } else for (const one of found) ring.push(one);
    draw();
  });
  useEffect(() => {
    if (paused) return;
    for (const one of held.current.splice(0)) ring.push(one);
    draw();
  }, [paused, ring, draw]);
  return { ring, waiting, drawn };
}

export function LiveTail({ query, onOpen }: { query: string; onOpen: (id: string) => void }) {
  const [paused, setPaused] = useState(false);
  const { ring, waiting } = useTail(query, paused);
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  // Away from the top the list shows what was there when it was left: `still` is the total of then.
  const [still, setStill] = useState<number | null>(null);
  const total = still ?? ring.total;
  const length = Math.min(ring.length, ring.length - (ring.total - total));
  const view = viewOf(length, ROW, scroll.top, scroll.height);

  const onScroll = () => {
    const element = box.current;
    if (element === null) return;
    setScroll({ top: element.scrollTop, height: element.clientHeight });
    setStill((before) => (element.scrollTop < ROW ? null : (before ?? ring.total)));
  };
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setScroll({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const fresh = ring.total - total;
  return (
    <section className={styles.tail} aria-label={t("events.tail")}>
      <div className={styles.tailTools}>
        <Button small icon={paused ? "play" : "pause"} aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? t("events.tail.resume") : t("events.tail.pause")}
        </Button>
        {paused && waiting > 0 && <span role="status">{tn("events.tail.waiting", waiting)}</span>}
        {fresh > 0 && (
          <Button small kind="primary" icon="up" onClick={() => box.current?.scrollTo({ top: 0 })}>
            {tn("events.tail.fresh", fresh)}
          </Button>
        )}
        <span className={styles.tailCount}>{t("events.tail.kept", { n: ring.length, most: CAPACITY })}</span>
      </div>
      <div
        ref={box}
        className={styles.tailBox}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label={t("events.tail")}
        tabIndex={0}
      >
        {ring.length === 0 ? (
          <EmptyState icon="events" title={t("events.tail.empty")}>
            <p>{t("events.tail.empty.do")}</p>
          </EmptyState>
        ) : (
          <div className={styles.tailRows} style={{ height: view.height }}>
            <div style={{ transform: `translateY(${view.top}px)` }}>
              {Array.from({ length: view.count }, (_, index) => {
                const number = total - 1 - (view.first + index);
                const event = ring.at(number);
                return event && <TailRow key={number % (view.count + 1)} event={event} onOpen={onOpen} />;
              })}
            </div>
          </div>
        )}
      </div>
    </section>
  );
}

function TailRow({ event, onOpen }: { event: TailEvent; onOpen: (id: string) => void }) {
  const { zone } = usePreferences();
  const press = (key: KeyboardEvent<HTMLDivElement>) => {
    const sibling = key.key === "j" || key.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    if (key.key === "Enter") onOpen(event.id);
    else if (["j", "k", "ArrowDown", "ArrowUp"].includes(key.key))
      (key.currentTarget[sibling] as HTMLElement | null)?.focus();
    else return;
    key.preventDefault();
    key.stopPropagation();
  };
  return (
    <div
      className={styles.tailRow}
      role="button"
      tabIndex={-1}
      data-row=""
      onClick={() => onOpen(event.id)}
      onKeyDown={press}
    >
      <span className="muted num">{absolute(event.ts, zone, true).slice(11)}</span>
      <span className={styles.tailKind}>{event.kind}</span>
      <span className="mono">{event.src_ip}</span>
      <span>{event.decky}</span>
      <span className={styles.tailWords}>{event.summary}</span>
    </div>
  );
}
