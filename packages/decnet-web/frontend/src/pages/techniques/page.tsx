// SPDX-License-Identifier: MIT
/** The ATT&CK matrix of what rules recognised; a technique leads to its findings and attackers. */

import { useMemo, type ReactElement } from "react";
import { download, useGet, usePages, type Data } from "@/api/queries";
import { asProblem } from "@/api/problem";
import { t, type Key } from "@/app/i18n";
import { stringifySearch, useQueryState, useTimeRange } from "@/app/search";
import { Button, buttonClass } from "@/components/controls/button";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { Go } from "@/components/pivot/go";
import { Icon } from "@/components/show/icon";
import { Card, Page } from "@/components/show/layout";
import { matrixOf, type Measure } from "./matrix";
import { MatrixGrid, MatrixLegend } from "./matrix-grid";
import { TagList } from "./tags";
import styles from "./techniques.module.css";

const NEW_SINCE: Readonly<Record<string, number>> = { "24h": 1, "7d": 7, "30d": 30 };
const DAY_MS = 86_400_000;

export default function Techniques(): ReactElement {
  const [search, change] = useQueryState();
  const range = useTimeRange("30d");
  const query = useGet("/api/v1/techniques", { params: { query: range } }, { keep: true });
  const chosen = search["technique"] ?? null;
  return (
    <Page
      title={t("techniques.title")}
      about={t("techniques.about")}
      actions={
        <>
          <TimeRange otherwise="30d" />
          <Button icon="download" onClick={() => void saveLayer(range)}>
            {t("techniques.navigator")}
          </Button>
        </>
      }
    >
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={420} />}
      {query.data && <Matrix data={query.data} chosen={chosen} onChoose={(technique) => change({ technique })} />}
      {query.data && chosen === null && query.data.techniques.length > 0 && (
        <p className="muted">{t("techniques.choose")}</p>
      )}
      {chosen !== null && <Findings technique={chosen} name={nameOf(query.data, chosen)} />}
    </Page>
  );
}

function nameOf(data: Data<"/api/v1/techniques"> | undefined, technique: string): string {
  return data?.techniques.find((one) => one.technique === technique)?.name ?? "";
}

async function saveLayer(range: Record<string, string>): Promise<void> {
  try {
    await download(`/api/v1/exports/navigator${stringifySearch(range)}`, "application/json", "decnet-navigator.json");
  } catch (error) {
    const problem = asProblem(error);
    toast(problem.status === 404 ? t("reports.nothing") : problem.message, "bad");
  }
}

interface MatrixProps {
  data: Data<"/api/v1/techniques">;
  chosen: string | null;
  onChoose: (technique: string) => void;
}

function Matrix({ data, chosen, onChoose }: MatrixProps): ReactElement {
  const [search, change] = useQueryState();
  const measure: Measure = search["by"] === "attackers" ? "attackers" : "tags";
  const fresh = search["new"] ?? "7d";
  const columns = useMemo(
    () => matrixOf(data.tactics, data.techniques, measure, newSince(fresh)),
    [data, measure, fresh],
  );
  if (!data.techniques.length) {
    return (
      <EmptyState icon="techniques" title={t("techniques.empty.title")}>
        <p>{t("techniques.empty.body")}</p>
      </EmptyState>
    );
  }
  const words = {
    techniques: data.techniques.length,
    tactics: columns.filter((one) => one.cells.length > 0).length,
    tags: data.techniques.reduce((sum, one) => sum + one.tags, 0),
  };
  return (
    <Card>
      <div className={styles.tools}>
        <span>{t("techniques.summary", words)}</span>
        <label>
          {t("techniques.measure")}
          <select
            value={measure}
            onChange={(event) => change({ by: event.target.value === "tags" ? undefined : event.target.value })}
          >
            <option value="tags">{t("techniques.measure.tags")}</option>
            <option value="attackers">{t("techniques.measure.attackers")}</option>
          </select>
        </label>
        <label>
          {t("techniques.new.since")}
          <select value={fresh} onChange={(event) => change({ new: event.target.value })}>
            {["off", "24h", "7d", "30d"].map((one) => (
              <option key={one} value={one}>
                {t(`techniques.new.${one}` as Key)}
              </option>
            ))}
          </select>
        </label>
        <MatrixLegend measure={t(`techniques.measure.${measure}`)} />
      </div>
      <MatrixGrid columns={columns} chosen={chosen} onChoose={onChoose} />
    </Card>
  );
}

function newSince(choice: string): number | null {
  const days = NEW_SINCE[choice];
  return days === undefined ? null : Date.now() - days * DAY_MS;
}

function Findings({ technique, name }: { technique: string; name: string }): ReactElement {
  const range = useTimeRange("30d");
  const pages = usePages("/api/v1/techniques/{technique}", {
    params: { path: { technique }, query: range },
  });
  return (
    <Card
      title={`${technique} ${name}`}
      actions={
        <>
          <Go to="/attackers" search={{ technique }} className={buttonClass({ small: true })}>
            {t("techniques.attackers")}
          </Go>
          <a
            className={buttonClass({ small: true })}
            href={`https://attack.mitre.org/techniques/${encodeURIComponent(technique).replace(".", "/")}/`}
            target="_blank"
            rel="noreferrer noopener"
          >
            <Icon name="external" size={14} />
            {t("techniques.attack")}
          </a>
        </>
      }
    >
      {pages.problem ? (
        <ErrorState problem={pages.problem} onRetry={pages.again} />
      ) : (
        <TagList
          tags={pages.items}
          ofOne
          empty={t("techniques.tags.none")}
          loading={pages.loading}
          hasMore={pages.hasMore}
          onMore={pages.more}
        />
      )}
    </Card>
  );
}
