// SPDX-License-Identifier: MIT
/** The end of a worker's log, which follows it while that is wished; only text nodes, for a log quotes attackers. */
import { useEffect, useRef, useState } from "react";
import { useGet } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { CheckField, SelectField, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card } from "@/components/show/layout";
import { LEVELS, shownLines } from "./loglines";
import styles from "./Log.module.css";

const LINES = 500;
const FOLLOW_MS = 3_000;

export function Log({ name }: { name: string }) {
  const allowed = useAllowed("analyst");
  const [follow, setFollow] = useState(true);
  const [words, setWords] = useState("");
  const [level, setLevel] = useState("");
  const { data, error, refetch } = useGet(
    "/api/v1/workers/{name}/log",
    { params: { path: { name }, query: { lines: LINES } } },
    { enabled: allowed, keep: true, ...(follow ? { every: FOLLOW_MS } : {}) },
  );
  if (!allowed) return null;
  const lines = shownLines(data?.lines ?? [], words, level);
  return (
    <Card
      title={t("workers.log")}
      actions={
        <CheckField
          label={t("workers.log.follow")}
          checked={follow}
          onChange={(event) => setFollow(event.target.checked)}
        />
      }
    >
      <div className={styles.filters}>
        <TextField
          label={t("workers.log.filter")}
          quiet
          type="search"
          data-page-search=""
          placeholder={t("workers.log.filter")}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <SelectField
          label={t("workers.log.level")}
          quiet
          value={level}
          onChange={(event) => setLevel(event.target.value)}
          options={[["", t("workers.log.level.all")], ...LEVELS.map((one) => [one, `≥ ${one}`] as const)]}
        />
      </div>
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={8} />}
      {data && <Found lines={lines} empty={data.lines.length === 0} source={data.source} follow={follow} />}
    </Card>
  );
}

interface FoundProps {
  lines: readonly Line[];
  empty: boolean;
  source: string;
  follow: boolean;
}

function Found({ lines, empty, source, follow }: FoundProps) {
  return (
    <>
      {empty ? <p className="muted">{t("workers.log.empty")}</p> : <Lines lines={lines} follow={follow} />}
      <p className={styles.source}>
        {tn("workers.log.lines", lines.length)}, {t("workers.log.source", { source })}
      </p>
    </>
  );
}

interface Line {
  at: string;
  level: string;
  logger: string;
  message: string;
}

function Lines({ lines, follow }: { lines: readonly Line[]; follow: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow]);
  return (
    <div ref={box} className={styles.lines} tabIndex={0} role="log" aria-live="off" aria-label={t("workers.log")}>
      {lines.map((one, index) => (
        <div key={index} data-level={one.level}>
          {one.at && <time>{one.at.slice(11, 23) || one.at}</time>}
          {one.level && <b>{one.level}</b>}
          <span>{one.message}</span>
        </div>
      ))}
    </div>
  );
}
