// SPDX-License-Identifier: MIT
/** What the whole fleet takes: the figure, what of it is shared, and how it went while the page was open. */
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { Problem } from "@/api/problem";
import type { Data } from "@/api/queries";
import { formatBytes, formatNumber, t } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card } from "@/components/show/layout";
import { Words } from "@/components/show/words";
import { linePath, withSample, type Sample } from "./history";
import { MemoryBar } from "./MemoryBar";
import { fleetMemory } from "./memory";
import styles from "./FleetMemoryCard.module.css";

type Footprint = Data<"/api/v1/footprint">;

interface Props {
  footprint: UseQueryResult<Footprint, Problem>;
  parked: number;
}

export function FleetMemoryCard({ footprint, parked }: Props) {
  const { data, error, dataUpdatedAt } = footprint;
  const history = useHistory(data, dataUpdatedAt);
  return (
    <Card title={t("workers.memory.title")}>
      {error && !data && <ErrorState problem={error} onRetry={() => void footprint.refetch()} />}
      {!data && !error && (
        <>
          <Skeleton height={56} />
          <p className="muted">{t("workers.memory.measuring")}</p>
        </>
      )}
      {data && data.total.processes === 0 && (
        <p className="muted">
          <Words text={t("workers.memory.unreadable")} />
        </p>
      )}
      {data && data.total.processes > 0 && <Figures data={data} parked={parked} history={history} />}
    </Card>
  );
}

function Figures({ data, parked, history }: { data: Footprint; parked: number; history: readonly Sample[] }) {
  const memory = fleetMemory(data.workers);
  const { total } = data;
  return (
    <div className={styles.figures}>
      <div className={styles.headline}>
        <div>
          <p className={styles.total}>{formatBytes(memory.total)}</p>
          <p className="muted">{t("workers.memory.fleet.detail")}</p>
        </div>
        <History samples={history} />
      </div>
      <MemoryBar memory={memory} />
      <ul className={styles.legend}>
        <li data-part="shared">
          {t("workers.memory.shared")} <b>{formatBytes(memory.shared)}</b>
        </li>
        <li data-part="own">
          {t("workers.memory.own")} <b>{formatBytes(memory.own)}</b>
        </li>
      </ul>
      <dl className={styles.numbers}>
        <Figure name={t("workers.memory.processes")} value={formatNumber(total.processes)} />
        <Figure
          name={t("workers.memory.parked")}
          value={formatNumber(parked)}
          note={t("workers.memory.parked.detail")}
        />
        <Figure
          name={t("workers.memory.wakeups")}
          value={t("workers.memory.wakeups.value", { n: total.wakeups_per_second })}
        />
        <Figure name={t("workers.memory.cpu")} value={t("workers.memory.cpu.value", { n: total.cpu_percent })} />
      </dl>
      <p className={styles.naive}>
        {t("workers.memory.naive", {
          naive: formatBytes(memory.naive),
          shared: formatBytes(memory.shared),
          total: formatBytes(memory.total),
        })}
      </p>
      {data.hidden.length > 0 && (
        <p className={styles.naive}>{t("workers.memory.hidden", { names: data.hidden.join(", ") })}</p>
      )}
    </div>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div title={note}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function History({ samples }: { samples: readonly Sample[] }) {
  const path = linePath(samples, 240, 56);
  if (path === "") return null;
  return (
    <figure className={styles.history}>
      <svg viewBox="0 0 240 56" preserveAspectRatio="none" role="img" aria-label={t("workers.memory.history")}>
        <path className={styles.area} d={`${path}L240 56L0 56Z`} />
        <path className={styles.line} d={path} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>{t("workers.memory.since")}</figcaption>
    </figure>
  );
}

function useHistory(data: Footprint | undefined, at: number): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const bytes = data?.total.pss;
  if (bytes !== undefined && samples.at(-1)?.at !== at) setSamples(withSample(samples, { at, bytes }));
  return samples;
}
