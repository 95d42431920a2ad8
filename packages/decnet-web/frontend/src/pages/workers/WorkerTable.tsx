// SPDX-License-Identifier: MIT
/** The workers that should run, each with what it takes and how it is; a row leads to the worker's page. */
import { Link } from "@tanstack/react-router";
import { formatBytes, formatNumber, t, tn, tv } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { SelectField } from "@/components/controls/field";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { duration } from "@/components/show/times";
import type { Share } from "./memory";
import { Actions } from "./Actions";
import { inOrder, lagWords, type Order, toneOf, wakerWords, type Worker } from "./worker";
import styles from "./WorkerTable.module.css";

interface Row {
  name: string;
  wakeups_per_second: number;
  cpu_percent: number;
}

interface Props {
  workers: readonly Worker[];
  shares: ReadonlyMap<string, Share>;
  rows: readonly Row[];
}

/** The choice of the table's order. */
export function OrderChoice() {
  const [order, setOrder] = useQueryValue("order", "name");
  return (
    <SelectField
      label={t("workers.sort")}
      quiet
      value={order}
      onChange={(event) => setOrder(event.target.value)}
      options={[
        ["name", t("workers.sort.name")],
        ["memory", t("workers.sort.memory")],
      ]}
    />
  );
}

export function WorkerTable({ workers, shares, rows }: Props) {
  const [order] = useQueryValue("order", "name");
  const measured = new Map(rows.map((one) => [one.name, one]));
  const bytes = (one: Worker) => one.pss ?? 0;
  const known = new Set(workers.map((one) => one.name));
  const others = [...shares.values()].filter((one) => !known.has(one.name));
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{t("workers.col.name")}</th>
          <th scope="col">{t("workers.col.state")}</th>
          <th scope="col">{t("workers.col.memory")}</th>
          <th scope="col">{t("workers.col.lag")}</th>
          <th scope="col">{t("workers.col.wakeups")}</th>
          <th scope="col">{t("workers.col.cpu")}</th>
          <th scope="col">{t("workers.col.restarts")}</th>
          <th scope="col">{t("workers.col.up")}</th>
          <th scope="col">
            <span className="hidden-visually">{t("table.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {inOrder(workers, order as Order, bytes).map((one) => (
          <WorkerRow key={one.name} one={one} share={shares.get(one.name)} row={measured.get(one.name)} />
        ))}
        {others.map((share) => (
          <tr key={share.name}>
            <th scope="row" className="muted">
              {share.name}
            </th>
            <td data-label="" />
            <td data-label={t("workers.col.memory")}>
              <MemoryCell share={share} />
            </td>
            <td data-label="" />
            <Amount label={t("workers.col.wakeups")} value={measured.get(share.name)?.wakeups_per_second} />
            <Amount label={t("workers.col.cpu")} value={measured.get(share.name)?.cpu_percent} />
            <td data-label="" />
            <td data-label="" />
            <td data-label="" />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function WorkerRow({ one, share, row }: { one: Worker; share: Share | undefined; row: Row | undefined }) {
  const lag = lagWords(one);
  return (
    <tr>
      <th scope="row">
        <Link to="/workers/$name" params={{ name: one.worker }}>
          {one.name}
        </Link>
        {one.troubles.length > 0 && (
          <span className={styles.trouble}>{one.troubles.map((each) => each.what).join("; ")}</span>
        )}
      </th>
      <td data-label={t("workers.col.state")}>
        <Badge tone={toneOf(one.state)}>{tv("workers.state", one.state)}</Badge>
        <Note one={one} />
      </td>
      <td data-label={t("workers.col.memory")}>
        {share && one.pid !== null ? <MemoryCell share={share} /> : <Nothing one={one} />}
      </td>
      <td data-label={t("workers.col.lag")} className={styles.number} data-bad={(one.lag ?? 0) > 0}>
        {lag ?? "–"}
        {one.dead_letters > 0 && (
          <span className={styles.trouble}>
            {t("workers.col.dead")}: {formatNumber(one.dead_letters)}
          </span>
        )}
      </td>
      <Amount label={t("workers.col.wakeups")} value={row?.wakeups_per_second} />
      <Amount label={t("workers.col.cpu")} value={row?.cpu_percent} />
      <Amount label={t("workers.col.restarts")} value={one.restarts ?? undefined} />
      <td data-label={t("workers.col.up")} className={styles.number}>
        {one.uptime_seconds === null ? "–" : duration(one.uptime_seconds)}
      </td>
      <td className={styles.actions}>
        <Actions name={one.worker} state={one.state} small />
      </td>
    </tr>
  );
}

/** Why it is not running, or when a parked one looks by itself, and what woke it so far. */
function Note({ one }: { one: Worker }) {
  if (one.reason) return <span className={styles.trouble}>{one.reason}</span>;
  if (one.state !== "parked" && one.wakes === 0) return null;
  return (
    <span className={styles.note}>
      {one.state === "parked" && one.next_look && (
        <>
          {t("workers.parked.until", { when: "" })}
          <Moment value={one.next_look} show="ago" />{" "}
        </>
      )}
      {one.wakes > 0 && tn("workers.woken", one.wakes)}
      {one.woken_by && ` (${wakerWords(one.woken_by)})`}
      {one.idle_wakes > 0 && `, ${tn("workers.idle", one.idle_wakes)}`}
    </span>
  );
}

function Nothing({ one }: { one: Worker }) {
  return one.state === "parked" ? (
    <span className={styles.note}>{t("workers.parked.now")}</span>
  ) : (
    <span className="muted">–</span>
  );
}

function MemoryCell({ share }: { share: Share }) {
  return (
    <span className={styles.memory}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className={styles.own} width={100 * share.ownWidth} height="10" />
        <rect className={styles.shared} x={100 * share.ownWidth} width={100 * share.sharedWidth} height="10" />
      </svg>
      <span>
        <b>{formatBytes(share.own)}</b> + {formatBytes(share.shared)}
      </span>
    </span>
  );
}

function Amount({ label, value }: { label: string; value: number | undefined }) {
  return (
    <td data-label={label} className={styles.number}>
      {value === undefined ? "–" : formatNumber(value)}
    </td>
  );
}
