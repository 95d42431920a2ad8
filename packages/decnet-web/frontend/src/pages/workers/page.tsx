// SPDX-License-Identifier: MIT
/** All workers: what each does and what it costs. */
import { useGet } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Badge } from "@/components/show/badge";
import { Card, Page } from "@/components/show/layout";
import { FleetMemoryCard } from "./FleetMemoryCard";
import { OffList } from "./OffList";
import { fleetMemory, type Share } from "./memory";
import { OrderChoice, WorkerTable } from "./WorkerTable";
import { isSilent, type Worker } from "./worker";

const EVERY_MS = 5_000;
const MEASURE_MS = 10_000;

export default function WorkersPage() {
  const workers = useGet("/api/v1/workers", {}, { every: EVERY_MS });
  const footprint = useGet("/api/v1/footprint", {}, { every: MEASURE_MS });
  const items = workers.data?.items ?? [];
  const on = items.filter((one) => one.off_until === null);
  const off = items.filter((one) => one.off_until !== null);
  const rows = footprint.data?.workers ?? [];
  const shares = new Map<string, Share>(fleetMemory(rows).shares.map((one) => [one.name, one]));
  return (
    <Page title={t("workers.title")} about={t("workers.lead")} actions={workers.data && <Health workers={on} />}>
      <FleetMemoryCard footprint={footprint} parked={on.filter((one) => one.state === "parked").length} />
      {workers.error && <ErrorState problem={workers.error} onRetry={() => void workers.refetch()} />}
      <Card title={t("workers.list")} actions={<OrderChoice />}>
        {workers.isPending ? (
          <Skeleton lines={8} height={28} />
        ) : (
          <WorkerTable workers={on} shares={shares} rows={rows} />
        )}
      </Card>
      {off.length > 0 && <OffList workers={off} />}
    </Page>
  );
}

function Health({ workers }: { workers: readonly Worker[] }) {
  const silent = workers.filter(isSilent);
  if (silent.length === 0) return <Badge tone="good">{t("workers.all.good")}</Badge>;
  const names = silent.map((one) => one.name).join(", ");
  return <Badge tone="bad">{tn("workers.silent", silent.length, { names })}</Badge>;
}
