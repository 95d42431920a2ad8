// SPDX-License-Identifier: MIT
/** One credential: who tried it where. */

import { useParams } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useGet, usePages, type Item } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { buttonClass } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Go } from "@/components/pivot/go";
import { Address } from "@/components/show/address";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { accepted } from "./page";
import { Secret } from "./secret";

type Use = Item<"/api/v1/credentials/{digest}/uses">;

const USES: readonly Column<Use>[] = [
  {
    id: "attacker",
    header: t("credentials.column.attacker"),
    width: "minmax(11rem, 1fr)",
    sort: "attacker",
    cell: (row) => <Address value={row.attacker} copy />,
  },
  {
    id: "place",
    header: t("credentials.column.place"),
    width: "minmax(10rem, 1fr)",
    cell: (row) => [row.decky, row.service].filter(Boolean).join(" · "),
  },
  {
    id: "uses",
    header: t("credentials.column.uses"),
    width: "6rem",
    align: "end",
    cell: (row) => formatNumber(row.uses),
  },
  {
    id: "accepted",
    header: t("credentials.column.accepted"),
    width: "6rem",
    align: "end",
    cell: (row) => accepted(row.accepted),
  },
  {
    id: "first",
    header: t("credentials.column.first"),
    width: "12rem",
    cell: (row) => <Moment value={row.first_seen} show="absolute" />,
  },
  {
    id: "last",
    header: t("credentials.column.last"),
    width: "12rem",
    cell: (row) => <Moment value={row.last_seen} show="absolute" />,
  },
];

export default function OneCredential(): ReactElement {
  const { digest } = useParams({ strict: false }) as { digest: string };
  const query = useGet("/api/v1/credentials/{digest}", { params: { path: { digest } } });
  const direction = useDirection("asc");
  const uses = usePages("/api/v1/credentials/{digest}/uses", { params: { path: { digest }, query: direction } });
  const found = query.data;
  return (
    <Page
      title={t("credential.title")}
      actions={
        <Go to="/attackers" search={{ credential: digest }} className={buttonClass({})}>
          {t("credential.attackers")}
        </Go>
      }
    >
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={4} />}
      {found && (
        <Card title={t("credential.facts")}>
          <Facts
            items={[
              [t("credentials.column.user"), <code key="u">{found.username ?? ""}</code>],
              [t("credentials.column.secret"), <Secret key="s" of={found} />],
              [t("credentials.column.uses"), formatNumber(found.uses)],
              [t("credentials.column.accepted"), accepted(found.accepted)],
              [t("credentials.column.attackers"), formatNumber(found.attackers)],
              [t("credentials.column.first"), <Moment key="f" value={found.first_seen} />],
              [t("credentials.column.last"), <Moment key="l" value={found.last_seen} />],
            ]}
          />
        </Card>
      )}
      <Card title={t("credential.uses")}>
        <DataTable
          name="credential-uses"
          order="attacker"
          ascending
          label={t("credential.uses")}
          columns={USES}
          rows={uses.items}
          rowKey={(row) => `${row.attacker} ${row.service} ${row.decky ?? ""}`}
          loading={uses.loading}
          problem={uses.problem}
          onRetry={uses.again}
          hasMore={uses.hasMore}
          onMore={uses.more}
          empty={<p className="muted">{t("credentials.empty.body")}</p>}
        />
      </Card>
    </Page>
  );
}
