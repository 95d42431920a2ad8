// SPDX-License-Identifier: MIT
/** When an address did how much. What is dragged over is looked at more closely, and listed below. */

import { useMemo, type ReactElement } from "react";
import { useGet, type Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { TimeBars } from "@/components/charts/bars";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { duration } from "@/components/show/times";
import { filled, stepFor } from "./buckets";
import { EventList } from "./event-list";
import styles from "./attackers.module.css";

const LEAST_SECONDS = 5;

export function Timeline({ attacker }: { attacker: Item<"/api/v1/attackers"> }): ReactElement {
  const [search, change] = useQueryState();
  const since = search["since"] ?? attacker.first_seen;
  const until = search["until"];
  const step = stepFor(Date.parse(since) / 1000, Date.parse(until ?? attacker.last_seen) / 1000);
  const range = { ...(search["since"] ? { since } : {}), ...(until ? { until } : {}) };
  const query = useGet(
    "/api/v1/attackers/{ip}/timeline",
    { params: { path: { ip: attacker.ip }, query: { ...range, step } as never } },
    { keep: true },
  );
  const zoom = (from: number, to: number): void => {
    const end = Math.ceil(Math.max(to, from + LEAST_SECONDS));
    change({ since: moment(from), until: moment(end) }, { push: true });
  };
  return (
    <div className={styles.stack}>
      <div>
        <div className={styles.zoom}>
          <span>
            {t("attacker.timeline.zoom")} {t("attacker.timeline.step", { step: duration(step) })}
          </span>
          {search["since"] && (
            <Button small onClick={() => change({ since: undefined, until: undefined })}>
              {t("attacker.timeline.whole")}
            </Button>
          )}
        </div>
        {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <Skeleton height={180} />}
        {query.data && (
          <Chart ip={attacker.ip} buckets={query.data.buckets} step={query.data.step_seconds} onRange={zoom} />
        )}
      </div>
      <EventList query={{ source: attacker.ip, ...range }} all={{ q: `src:${attacker.ip}`, since: "all", ...range }} />
    </div>
  );
}

function moment(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString();
}

interface ChartProps {
  ip: string;
  buckets: readonly { at: string; events: number }[];
  step: number;
  onRange: (from: number, to: number) => void;
}

function Chart({ ip, buckets, step, onRange }: ChartProps): ReactElement {
  const bars = useMemo(() => filled(buckets, step), [buckets, step]);
  if (!bars.times.length) return <p className="muted">{t("attacker.timeline.none")}</p>;
  return <TimeBars label={t("attacker.timeline.label", { ip })} {...bars} step={step} height={180} onRange={onRange} />;
}
