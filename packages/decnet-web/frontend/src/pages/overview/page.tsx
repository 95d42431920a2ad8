// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { useGet, type Data } from "@/api/queries";
import { formatCompact, t, tn } from "@/app/i18n";
import { prefer } from "@/app/preferences";
import { useQueryState } from "@/app/search";
import { SelectField } from "@/components/controls/field";
import { TimeBars } from "@/components/charts/bars";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Card, Page, StatCard } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { lookedBefore, overviewInit, rangeOf } from "./asked";
import { Feed } from "./feed";
import { countryName } from "./iso";
import { Bars, CanaryHits, FleetHealth, NewTechniques, OpenIncidents, TopAttackers } from "./lists";
import { evenHours } from "./newest";
import styles from "./overview.module.css";

type Overview = Data<"/api/v1/overview">;

const World = lazy(() => import("./world"));

/** Until one has looked for so long, one has not looked. */
const LOOKED_MS = 10_000;
const EVERY_MS = 30_000;

export default function OverviewPage() {
  const [search, change] = useQueryState();
  const chosen = rangeOf(search);
  const asked = overviewInit(chosen);
  const overview = useGet("/api/v1/overview", asked, { every: EVERY_MS, keep: true });
  useEffect(() => {
    const timer = setTimeout(() => prefer({ lookedAt: new Date().toISOString() }), LOOKED_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Page
      title={t("nav.overview")}
      about={overview.data && <Since data={overview.data} last={chosen === "last"} />}
      actions={
        <SelectField
          label={t("time.range")}
          quiet
          value={chosen}
          options={[
            ...(lookedBefore ? ([["last", t("overview.since.last")]] as const) : []),
            ["1h", t("time.1h")],
            ["24h", t("time.24h")],
            ["7d", t("time.7d")],
            ["30d", t("time.30d")],
          ]}
          onChange={(event) => change({ since: event.target.value })}
        />
      }
    >
      {overview.error && <ErrorState problem={overview.error} onRetry={() => void overview.refetch()} />}
      {overview.data ? (
        <Content data={overview.data} since={asked.params.query.since} />
      ) : (
        !overview.error && <Skeleton lines={12} height={24} />
      )}
    </Page>
  );
}

function Since({ data, last }: { data: Overview; last: boolean }) {
  return (
    <>
      {last ? t("overview.since.last") : t("overview.since")}: <Moment value={data.since} />
    </>
  );
}

function Content({ data, since }: { data: Overview; since: string }) {
  const { times, values } = useMemo(() => evenHours(data.hours, data.since, data.until), [data]);
  return (
    <>
      <Stats data={data} since={since} />
      <div className={styles.columns}>
        <div className={styles.wide}>
          <Card
            title={t("overview.activity")}
            actions={
              <Link to="/events" search={{ since }}>
                {t("overview.log")}
              </Link>
            }
          >
            {data.events === 0 ? (
              <EmptyState icon="events" title={t("overview.quiet")}>
                <p>{t("overview.quiet.do")}</p>
              </EmptyState>
            ) : (
              <TimeBars label={t("overview.activity")} times={times} values={values} height={330} />
            )}
          </Card>
        </div>
        <div className={styles.third}>
          <Feed />
        </div>
        <div className={styles.half}>
          <OpenIncidents data={data} />
        </div>
        <div className={styles.half}>
          <TopAttackers data={data} since={since} />
        </div>
        <div className={styles.wide}>
          <Origins data={data} />
        </div>
        <div className={styles.third}>
          <Card title={t("overview.deckies")}>
            {Object.keys(data.deckies).length === 0 ? (
              <EmptyState icon="deckies" title={t("overview.deckies.empty")} />
            ) : (
              <Bars
                counts={data.deckies}
                most={12}
                name={(decky) => (
                  <Link to="/events" search={{ q: `decky:${decky}`, since }}>
                    {decky}
                  </Link>
                )}
              />
            )}
          </Card>
        </div>
        <div className={styles.third}>
          <NewTechniques data={data} />
        </div>
        <div className={styles.third}>
          <CanaryHits data={data} />
        </div>
        <div className={styles.third}>
          <FleetHealth data={data} />
        </div>
      </div>
    </>
  );
}

function Stats({ data, since }: { data: Overview; since: string }) {
  const { low = 0, medium = 0, high = 0, critical = 0 } = data.open_incidents;
  const open = low + medium + high + critical;
  const tone = critical > 0 ? "bad" : high > 0 ? "warn" : "normal";
  const hits = data.canary_hits.filter((hit) => hit.scanner === null).length;
  return (
    <div className={styles.stats}>
      <StatCard
        label={t("overview.stat.incidents")}
        value={formatCompact(open)}
        note={t("overview.stat.incidents.note", { critical, high })}
        tone={tone}
        to="/incidents"
      />
      <StatCard
        label={t("overview.stat.attackers")}
        value={formatCompact(data.attackers)}
        note={tn("overview.stat.new", data.new_attackers)}
        to="/attackers"
        search={{ since }}
      />
      <StatCard
        label={t("overview.stat.events")}
        value={formatCompact(data.events)}
        note={counted(data)}
        to="/events"
        search={{ since }}
      />
      <StatCard
        label={t("overview.stat.sessions")}
        value={formatCompact(data.sessions)}
        note={tn("overview.stat.accepted", data.accepted_logins)}
        tone={data.accepted_logins > 0 ? "warn" : "normal"}
        to="/sessions"
        search={{ since }}
      />
      <StatCard
        label={t("overview.stat.canaries")}
        value={formatCompact(hits)}
        note={t("overview.stat.canaries.note")}
        tone={hits > 0 ? "bad" : "normal"}
        to="/canaries"
      />
      <StatCard
        label={t("overview.stat.files")}
        value={formatCompact(data.files)}
        note={t("overview.stat.files.note")}
        to="/files"
      />
    </div>
  );
}

/** What the number of events leaves out, or has in it though it is no attacker's. */
function counted({ uncounted, made_known }: Overview) {
  if (uncounted > 0) return tn("overview.stat.uncounted", uncounted);
  return made_known > 0 ? tn("overview.stat.known", made_known) : t("overview.stat.counted");
}

function Origins({ data }: { data: Overview }) {
  return (
    <Card title={t("overview.map")}>
      {Object.keys(data.countries).length === 0 ? (
        <EmptyState icon="attackers" title={t("overview.map.empty")}>
          <p>{t("overview.map.empty.do")}</p>
        </EmptyState>
      ) : (
        <div className={styles.map}>
          <Suspense fallback={<Skeleton height={280} />}>
            <World countries={data.countries} />
          </Suspense>
          <Bars
            counts={data.countries}
            most={8}
            name={(code) => (
              <Link to={"/attackers" as never} search={{ country: code } as never}>
                {countryName(code)}
              </Link>
            )}
          />
        </div>
      )}
    </Card>
  );
}
