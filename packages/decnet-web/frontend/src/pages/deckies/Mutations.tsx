// SPDX-License-Identifier: MIT
/** What mutate is going to change, and when. */
import { Link } from "@tanstack/react-router";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Badge } from "@/components/show/badge";
import { Card } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Differences } from "./plan/PlanView";
import styles from "./Mutations.module.css";

const EVERY_MS = 30_000;

export function Mutations() {
  const { data, error, refetch } = useGet("/api/v1/mutations", {}, { every: EVERY_MS });
  return (
    <>
      <p className="muted">{t("deckies.mutate.lead")}</p>
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={4} />}
      {data && data.items.length === 0 && <EmptyState icon="clock" title={t("deckies.mutate.none")} />}
      <div className={styles.list}>
        {data?.items.map((one) => (
          <Card
            key={one.decky}
            title={
              <Link to="/deckies/$name" params={{ name: one.decky }}>
                {one.decky}
              </Link>
            }
          >
            <p className={styles.when}>
              {one.at ? <Moment value={one.at} /> : t("deckies.mutate.undrawn")}
              {one.active && <Badge tone="warn">{t("deckies.mutate.active")}</Badge>}
            </p>
            {one.problem && <p className={styles.problem}>{t("deckies.mutate.problem", { reason: one.problem })}</p>}
            <Differences differences={one.differences} both />
          </Card>
        ))}
      </div>
    </>
  );
}
