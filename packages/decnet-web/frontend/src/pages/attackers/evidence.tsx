// SPDX-License-Identifier: MIT
/** Credentials, fingerprints and techniques of an attacker: each value leads to the others that share it. */

import type { ReactElement } from "react";
import { t } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { Pivot } from "@/components/pivot/pivot";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import type { AttackerWhole } from "./one";
import { Secret } from "../credentials/secret";
import styles from "./attackers.module.css";

type Credential = AttackerWhole["credentials"][number];
type Fingerprint = AttackerWhole["fingerprints"][number];
type Technique = AttackerWhole["techniques"][number];

const CREDENTIALS: readonly Column<Credential>[] = [
  {
    id: "user",
    header: t("credentials.column.user"),
    width: "minmax(8rem, 1fr)",
    cell: (row) => <code>{row.username ?? ""}</code>,
  },
  {
    id: "secret",
    header: t("credentials.column.secret"),
    width: "minmax(12rem, 2fr)",
    wrap: true,
    cell: (row) => <Secret of={row} />,
  },
  {
    id: "place",
    header: t("credentials.column.place"),
    width: "minmax(9rem, 1fr)",
    cell: (row) => [row.decky, row.service].filter(Boolean).join(" · "),
  },
  { id: "uses", header: t("credentials.column.uses"), width: "5rem", align: "end", cell: (row) => row.uses },
  {
    id: "accepted",
    header: t("credentials.column.accepted"),
    width: "6rem",
    align: "end",
    cell: (row) => (row.accepted ? <Badge tone="bad">{row.accepted}</Badge> : "0"),
  },
  {
    id: "last",
    header: t("credentials.column.last"),
    width: "13rem",
    cell: (row) => <Moment value={row.last_seen} show="absolute" />,
  },
];

interface CredentialProps {
  credentials: readonly Credential[];
  lists: AttackerWhole["password_lists"];
}

export function CredentialTable({ credentials, lists }: CredentialProps): ReactElement {
  return (
    <div className={styles.stack}>
      {lists.map((one) => (
        <p key={one.name}>
          <Badge tone="accent">{one.name}</Badge> <span className="muted">{one.reason}</span>
        </p>
      ))}
      <DataTable
        name="attacker-credentials"
        label={t("attacker.tab.credentials")}
        columns={CREDENTIALS}
        rows={credentials}
        rowKey={(row) => `${row.digest} ${row.service} ${row.decky ?? ""}`}
        empty={<p className="muted">{t("attacker.credentials.none")}</p>}
      />
    </div>
  );
}

const FINGERPRINTS: readonly Column<Fingerprint>[] = [
  { id: "type", header: t("fingerprints.column.type"), width: "11rem", cell: (row) => <Badge bare>{row.type}</Badge> },
  {
    id: "value",
    header: t("fingerprints.column.value"),
    width: "minmax(16rem, 4fr)",
    wrap: true,
    cell: (row) => (
      <Pivot
        value={row.value}
        search={{ fingerprint: row.value, fingerprint_type: row.type }}
        what={t("pivot.fingerprint")}
      />
    ),
  },
  { id: "events", header: t("attackers.column.events"), width: "5rem", align: "end", cell: (row) => row.events },
  {
    id: "last",
    header: t("attackers.column.last"),
    width: "12rem",
    cell: (row) => <Moment value={row.last_seen} show="absolute" />,
  },
];

export function FingerprintTable({ fingerprints }: { fingerprints: readonly Fingerprint[] }): ReactElement {
  return (
    <DataTable
      name="attacker-fingerprints"
      label={t("attacker.tab.fingerprints")}
      columns={FINGERPRINTS}
      rows={fingerprints}
      rowKey={(row) => `${row.type} ${row.value}`}
      empty={<p className="muted">{t("attacker.fingerprints.none")}</p>}
    />
  );
}

const TECHNIQUES: readonly Column<Technique>[] = [
  {
    id: "technique",
    header: t("techniques.column.technique"),
    width: "7rem",
    cell: (row) => (
      <Go to="/techniques" search={{ technique: row.technique, since: "all" }}>
        <code>{row.technique}</code>
      </Go>
    ),
  },
  {
    id: "name",
    header: t("techniques.column.name"),
    width: "minmax(14rem, 2fr)",
    wrap: true,
    cell: (row) => row.name ?? "–",
  },
  {
    id: "titles",
    header: t("techniques.column.rules"),
    width: "minmax(14rem, 2fr)",
    wrap: true,
    cell: (row) => row.titles.join(", "),
  },
  { id: "tags", header: t("techniques.column.tags"), width: "5rem", align: "end", cell: (row) => row.tags },
  {
    id: "others",
    header: t("techniques.column.others"),
    width: "9rem",
    cell: (row) => (
      <Go to="/attackers" search={{ technique: row.technique }}>
        {t("techniques.others")}
      </Go>
    ),
  },
  {
    id: "last",
    header: t("attackers.column.last"),
    width: "12rem",
    cell: (row) => <Moment value={row.last_seen} show="absolute" />,
  },
];

export function TechniqueTable({ techniques }: { techniques: readonly Technique[] }): ReactElement {
  return (
    <DataTable
      name="attacker-techniques"
      label={t("attacker.tab.techniques")}
      columns={TECHNIQUES}
      rows={techniques}
      rowKey={(row) => row.technique}
      empty={<p className="muted">{t("attacker.techniques.none")}</p>}
    />
  );
}
