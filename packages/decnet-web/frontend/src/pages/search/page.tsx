// SPDX-License-Identifier: MIT
/** One text, looked for in everything: attackers, sessions, credentials, files and events. */

import { useState, type ReactElement, type ReactNode } from "react";
import { useGet, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { Button, buttonClass } from "@/components/controls/button";
import { TextField } from "@/components/controls/field";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Go } from "@/components/pivot/go";
import { quoted } from "@/components/pivot/pivot";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Card, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Score } from "@/components/show/score";
import { Secret } from "../credentials/secret";
import styles from "./search.module.css";

type Found = Data<"/api/v1/search">;

export default function SearchPage(): ReactElement {
  const [q, setQ] = useQueryValue("q");
  const query = useGet(
    "/api/v1/search",
    { params: { query: { q, limit: 25 } } },
    { enabled: q.trim() !== "", keep: true },
  );
  return (
    <Page title={t("search.title")} about={t("search.about")}>
      <SearchField key={q} q={q} onSearch={setQ} />
      {q.trim() === "" && <EmptyState icon="search" title={t("search.start")} />}
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isLoading && <Skeleton lines={8} />}
      {query.data && q.trim() !== "" && <Results found={query.data} q={q} />}
    </Page>
  );
}

function SearchField({ q, onSearch }: { q: string; onSearch: (q: string) => void }): ReactElement {
  const [text, setText] = useState(q);
  return (
    <form
      role="search"
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <TextField
        label={t("search.field")}
        quiet
        type="search"
        maxLength={255}
        value={text}
        placeholder={t("search.field")}
        data-page-search=""
        onChange={(event) => setText(event.target.value)}
      />
      <Button kind="primary" type="submit" icon="search">
        {t("search.go")}
      </Button>
    </form>
  );
}

function Results({ found, q }: { found: Found; q: string }): ReactElement {
  if (Object.values(found).every((list) => list.length === 0)) {
    return (
      <EmptyState icon="search" title={t("search.none.title")}>
        <p>{t("search.none.body")}</p>
        <Further q={q} />
      </EmptyState>
    );
  }
  return (
    <>
      <Part title={t("search.attackers")} rows={found.attackers} id={(one) => one.ip}>
        {(one) => (
          <>
            <Address value={one.ip} copy />
            <Score value={one.score} />
            <Moment value={one.last_seen} show="ago" />
          </>
        )}
      </Part>
      <Part title={t("search.sessions")} rows={found.sessions} id={(one) => one.session}>
        {(one) => (
          <>
            <Go to="/sessions/$session" params={{ session: one.session }}>
              <code>{one.session}</code>
            </Go>
            <span>{[one.username, one.decky].filter(Boolean).join(" @ ")}</span>
            <Moment value={one.last_seen} show="ago" />
          </>
        )}
      </Part>
      <Part title={t("search.credentials")} rows={found.credentials} id={(one) => one.digest}>
        {(one) => (
          <>
            <Go to="/credentials/$digest" params={{ digest: one.digest }}>
              <code>{one.username ?? "∅"}</code>
            </Go>
            <span>
              <Secret of={one} />
            </span>
            <Moment value={one.last_seen} show="ago" />
          </>
        )}
      </Part>
      <Part title={t("search.files")} rows={found.files} id={(one) => one.sha256}>
        {(one) => (
          <>
            <Go to="/files/$sha256" params={{ sha256: one.sha256 }}>
              <code>{one.sha256.slice(0, 16)}…</code>
            </Go>
            <span>{one.sighting?.name ?? one.sighting?.url ?? ""}</span>
            <Moment value={one.last_seen} show="ago" />
          </>
        )}
      </Part>
      <Part title={t("search.events")} rows={found.events} id={(one) => String(one.seq)} more={<Further q={q} />}>
        {(one) => (
          <>
            <span>
              <Badge bare>{one.kind}</Badge> {one.src_ip && <Address value={one.src_ip} />}
            </span>
            <span>{one.summary}</span>
            <Moment value={one.ts} show="absolute" />
          </>
        )}
      </Part>
    </>
  );
}

function Further({ q }: { q: string }): ReactElement {
  return (
    <Go to="/events" search={{ q: quoted(q), since: "all" }} className={buttonClass({ small: true })}>
      {t("search.further")}
    </Go>
  );
}

interface PartProps<Row> {
  title: string;
  rows: readonly Row[];
  id: (row: Row) => string;
  more?: ReactNode;
  children: (row: Row) => ReactNode;
}

function Part<Row>({ title, rows, id, more, children }: PartProps<Row>): ReactElement | null {
  if (!rows.length) return null;
  return (
    <Card title={title} actions={more}>
      <ul className={styles.results}>
        {rows.map((row) => (
          <li key={id(row)}>{children(row)}</li>
        ))}
      </ul>
    </Card>
  );
}
