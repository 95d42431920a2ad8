// SPDX-License-Identifier: MIT
/** The kinds of canaries: who trips each by doing what, what is known then, and what it needs. */
import { useGet, type Data } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { FilterBar } from "@/components/controls/filter-bar";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Badge } from "@/components/show/badge";
import { inGroups } from "./kinds";
import styles from "./canaries.module.css";

type Kind = Data<"/api/v1/canaries/kinds">["items"][number];

/** What MakeDialog calls a document of the operator's own. */
export const OWN = "own";

export function Gallery({ onMake }: { onMake: (kind: string) => void }) {
  const [search] = useQueryState();
  const { data, error, refetch } = useGet("/api/v1/canaries/kinds", {});
  const allowed = useAllowed("analyst");
  if (error) return <ErrorState problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  const groups = inGroups(data.items, search.q ?? "");
  return (
    <div className={styles.gallery}>
      <FilterBar filters={[{ kind: "text", name: "q", label: t("canaries.kinds.search") }]} />
      {groups.length === 0 && <p className="muted">{t("canaries.kinds.none")}</p>}
      {groups.map(([name, kinds]) => (
        <section key={name} aria-labelledby={`group-${name}`}>
          <h2 id={`group-${name}`}>{tv("canaries.group", name)}</h2>
          <ul className={styles.kinds}>
            {kinds.map((one) => (
              <KindCard key={one.kind} one={one} {...(allowed ? { onMake } : {})} />
            ))}
            {name === "documents" && allowed && (
              <li className={styles.kind}>
                <h3>{t("canaries.group.own")}</h3>
                <p>{t("canaries.own.lead", { formats: data.formats.join(", ") })}</p>
                <Button small icon="plus" onClick={() => onMake(OWN)}>
                  {t("canaries.own.choose")}
                </Button>
              </li>
            )}
          </ul>
        </section>
      ))}
    </div>
  );
}

function KindCard({ one, onMake }: { one: Kind; onMake?: (kind: string) => void }) {
  return (
    <li className={styles.kind} data-available={one.available}>
      <h3>{one.kind}</h3>
      <dl>
        <dt>{t("canaries.kind.trips")}</dt>
        <dd>{one.trips}</dd>
        <dt>{t("canaries.kind.reveals")}</dt>
        <dd>{one.reveals}</dd>
        {one.needs.length > 0 && (
          <>
            <dt>{t("canaries.kind.needs")}</dt>
            <dd>{one.needs.map((need) => tv("canaries.need", need)).join(", ")}</dd>
          </>
        )}
      </dl>
      {one.available ? (
        onMake && (
          <Button
            small
            icon="plus"
            onClick={() => onMake(one.kind)}
            aria-label={t("canaries.make.kind", { kind: one.kind })}
          >
            {t("canaries.make")}
          </Button>
        )
      ) : (
        <Badge tone="warn">{one.why_not}</Badge>
      )}
    </li>
  );
}
