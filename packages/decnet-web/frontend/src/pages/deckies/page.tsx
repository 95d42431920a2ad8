// SPDX-License-Identifier: MIT
/** All deckies: the map of the network, the list, and what they can play. */
import { Link } from "@tanstack/react-router";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { useDirection, useTimeRange } from "@/app/search";
import { useAllowed } from "@/app/session";
import { buttonClass } from "@/components/controls/button";
import { Tabs } from "@/components/controls/tabs";
import { TimeRange } from "@/components/controls/time-range";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Page } from "@/components/show/layout";
import { DeckyList } from "./DeckyList";
import { DeckyMap } from "./DeckyMap";
import { Images } from "./catalogue/Images";
import { Personas } from "./catalogue/Personas";
import { Mutations } from "./Mutations";

const EVERY_MS = 10_000;

export default function DeckiesPage() {
  const range = useTimeRange();
  const query = { limit: 1000, ...useDirection("asc") };
  const list = useGet("/api/v1/deckies", { params: { query } }, { every: EVERY_MS, keep: true });
  const traffic = useGet("/api/v1/deckies/traffic", { params: { query: range } }, { every: EVERY_MS, keep: true });
  const items = list.data?.items ?? [];
  const shown = (content: () => React.ReactNode) => () => {
    if (list.error) return <ErrorState problem={list.error} onRetry={() => void list.refetch()} />;
    if (!list.data) return <Skeleton height={280} />;
    return items.length === 0 ? <Empty /> : content();
  };
  return (
    <Page title={t("deckies.title")} about={t("deckies.lead")} actions={<Actions />}>
      <Tabs
        label={t("deckies.title")}
        tabs={[
          {
            id: "map",
            title: t("deckies.tab.map"),
            content: shown(() => <DeckyMap deckies={items} traffic={traffic.data?.items ?? []} />),
          },
          {
            id: "list",
            title: t("deckies.tab.list"),
            content: shown(() => <DeckyList deckies={items} traffic={traffic.data?.items ?? []} />),
          },
          { id: "personas", title: t("deckies.tab.personas"), content: () => <Personas deckies={items} /> },
          { id: "images", title: t("deckies.tab.images"), content: () => <Images deckies={items} /> },
          { id: "mutations", title: t("deckies.tab.mutations"), content: () => <Mutations /> },
        ]}
      />
    </Page>
  );
}

function Actions() {
  const allowed = useAllowed("admin");
  return (
    <>
      <TimeRange />
      {allowed && (
        <>
          <Link to="/deploy" className={buttonClass({})}>
            {t("deckies.deploy")}
          </Link>
          <Link to="/deploy" search={{ add: "1" } as never} className={buttonClass({ kind: "primary" })}>
            {t("deckies.add")}
          </Link>
        </>
      )}
    </>
  );
}

function Empty() {
  const allowed = useAllowed("admin");
  return (
    <EmptyState icon="deckies" title={t("deckies.empty.title")}>
      <p>{t("deckies.empty.detail")}</p>
      {allowed && (
        <Link to="/deploy" search={{ add: "1" } as never} className={buttonClass({ kind: "primary" })}>
          {t("deckies.add")}
        </Link>
      )}
    </EmptyState>
  );
}
