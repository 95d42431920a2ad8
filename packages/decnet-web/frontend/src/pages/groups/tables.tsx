// SPDX-License-Identifier: MIT
/** Members and why they are in a group, what they share, what happened to it, and decisions about it. */

import type { ReactElement, ReactNode } from "react";
import { usePages } from "@/api/queries";
import { formatNumber, t } from "@/app/i18n";
import { useDirection } from "@/app/search";
import { Button } from "@/components/controls/button";
import { Go } from "@/components/pivot/go";
import { Pivot } from "@/components/pivot/pivot";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { DataTable, type Column } from "@/components/table/data-table";
import { paths, type Kind, type Whole } from "./kinds";
import { bitsText, decisionWords, heaviest } from "./words";
import styles from "./groups.module.css";

type Member = Whole["members"][number];
type Common = Whole["common"][number];
type Change = Whole["changes"][number];
type Decision = Whole["decisions"][number];

const MOST_REASONS = 4;

/** A member: of an identity an attacker, of a campaign an identity. */
export function Subject({ kind, subject }: { kind: Kind; subject: string }): ReactElement {
  if (kind.one === "identity") return <Address value={subject} />;
  return (
    <Go to="/identities/$id" params={{ id: subject }} title={subject}>
      <code>{subject.slice(0, 8)}</code>
    </Go>
  );
}

export function Reasons({ because }: { because: Member["because"] }): ReactElement {
  const shown = heaviest(because, MOST_REASONS);
  return (
    <ul className={styles.reasons}>
      {shown.map((one, index) => (
        <li key={index}>
          <b className="num">{bitsText(one.bits)}</b> <Badge bare>{one.kind}</Badge> <code>{one.value}</code>
        </li>
      ))}
      {because.length > shown.length && (
        <li className="muted">{t("group.more", { n: because.length - shown.length })}</li>
      )}
    </ul>
  );
}

interface MemberProps {
  kind: Kind;
  group: string;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  onPin?: (member: string) => void;
  tools?: ReactNode;
}

export function MemberTable({ kind, group, onPin, tools, ...selection }: MemberProps): ReactElement {
  const query = useDirection("asc");
  const members = usePages(paths(kind).members, { params: { path: { group }, query } });
  const columns: Column<Member>[] = [
    {
      id: "member",
      header: t("group.column.member"),
      width: "minmax(10rem, 1fr)",
      sort: "member",
      cell: (row) => <Subject kind={kind} subject={row.subject} />,
    },
    { id: "bits", header: t("group.column.bits"), width: "5rem", align: "end", cell: (row) => row.weight.toFixed(1) },
    {
      id: "because",
      header: t("group.column.because"),
      width: "minmax(18rem, 4fr)",
      wrap: true,
      cell: (row) => <Reasons because={row.because} />,
    },
    {
      id: "last",
      header: t("groups.column.last"),
      width: "11.5rem",
      cell: (row) => <Moment value={row.last_seen} show="absolute" />,
    },
    {
      id: "joined",
      header: t("group.column.joined"),
      width: "11.5rem",
      optional: true,
      cell: (row) => <Moment value={row.joined_at} show="absolute" />,
    },
  ];
  if (onPin) {
    columns.push({
      id: "pin",
      header: t("table.actions"),
      width: "5rem",
      cell: (row) => (
        <Button small onClick={() => onPin(row.subject)}>
          {t("group.pin")}
        </Button>
      ),
    });
  }
  return (
    <DataTable
      name={`${kind.one}-members`}
      order="member"
      ascending
      label={t("group.tab.members")}
      columns={columns}
      rows={members.items}
      rowKey={(row) => row.subject}
      loading={members.loading}
      problem={members.problem}
      onRetry={members.again}
      hasMore={members.hasMore}
      onMore={members.more}
      exports={{ path: paths(kind).members.replace("{group}", group), query }}
      tools={tools}
      empty={<p className="muted">{t("group.evidence.none")}</p>}
      {...selection}
    />
  );
}

const EVIDENCE: readonly Column<Common>[] = [
  { id: "bits", header: t("group.column.bits"), width: "5rem", align: "end", cell: (row) => bitsText(row.weight) },
  { id: "kind", header: t("group.column.kind"), width: "10rem", cell: (row) => <Badge bare>{row.kind}</Badge> },
  {
    id: "value",
    header: t("group.column.value"),
    width: "minmax(16rem, 4fr)",
    wrap: true,
    cell: (row) => <Pivot value={row.value} what={t("pivot.evidence")} />,
  },
  {
    id: "members",
    header: t("group.column.shared"),
    width: "6rem",
    align: "end",
    cell: (row) => formatNumber(row.members),
  },
  {
    id: "everywhere",
    header: t("group.column.everywhere"),
    width: "6rem",
    align: "end",
    cell: (row) => formatNumber(row.everywhere),
  },
];

export function EvidenceTable({ common }: { common: readonly Common[] }): ReactElement {
  return (
    <DataTable
      name="group-evidence"
      label={t("group.tab.evidence")}
      columns={EVIDENCE}
      rows={common}
      rowKey={(row) => `${row.kind} ${row.value}`}
      empty={<p className={styles.none}>{t("group.evidence.none")}</p>}
    />
  );
}

interface HistoryProps {
  kind: Kind;
  changes: readonly Change[];
  onUndo?: (change: number) => void;
}

export function HistoryTable({ kind, changes, onUndo }: HistoryProps): ReactElement {
  const group = (id: string): ReactElement => (
    <Go to={`/${kind.many}/$id`} params={{ id }} title={id}>
      <code>{id.slice(0, 8)}</code>
    </Go>
  );
  const columns: readonly Column<Change>[] = [
    {
      id: "when",
      header: t("group.column.when"),
      width: "11.5rem",
      cell: (row) => <Moment value={row.ts} show="absolute" />,
    },
    {
      id: "kind",
      header: t("group.column.change"),
      width: "8rem",
      cell: (row) => <Badge tone="accent">{t(`group.kind.${row.kind}`)}</Badge>,
    },
    { id: "from", header: t("group.column.from"), width: "6.5rem", cell: (row) => group(row.source) },
    { id: "to", header: t("group.column.to"), width: "6.5rem", cell: (row) => group(row.target) },
    {
      id: "because",
      header: t("group.column.because"),
      width: "minmax(16rem, 3fr)",
      wrap: true,
      cell: (row) => <Reasons because={row.because} />,
    },
    {
      id: "undo",
      header: t("table.actions"),
      width: "7rem",
      cell: (row) =>
        row.undone_at !== null ? (
          <Badge>{t("group.undone")}</Badge>
        ) : (
          onUndo && (
            <Button small onClick={() => onUndo(row.id)}>
              {t("group.undo")}
            </Button>
          )
        ),
    },
  ];
  return (
    <DataTable
      name="group-history"
      label={t("group.tab.history")}
      columns={columns}
      rows={changes}
      rowKey={(row) => String(row.id)}
      empty={<p className={styles.none}>{t("group.history.none")}</p>}
    />
  );
}

interface DecisionProps {
  decisions: readonly Decision[];
  onWithdraw?: (decision: number) => void;
}

export function DecisionTable({ decisions, onWithdraw }: DecisionProps): ReactElement {
  const columns: readonly Column<Decision>[] = [
    {
      id: "when",
      header: t("group.column.when"),
      width: "11.5rem",
      cell: (row) => <Moment value={row.created_at} show="absolute" />,
    },
    {
      id: "what",
      header: t("group.column.decision"),
      width: "minmax(16rem, 3fr)",
      wrap: true,
      cell: (row) => decisionWords(row),
    },
    {
      id: "reason",
      header: t("group.column.reason"),
      width: "minmax(12rem, 2fr)",
      wrap: true,
      cell: (row) => row.reason || "–",
    },
    { id: "by", header: t("group.column.by"), width: "8rem", cell: (row) => row.author },
    {
      id: "withdraw",
      header: t("table.actions"),
      width: "7.5rem",
      cell: (row) =>
        row.withdrawn_at !== null ? (
          <Badge>{t("group.withdrawn")}</Badge>
        ) : (
          onWithdraw && (
            <Button small onClick={() => onWithdraw(row.id)}>
              {t("group.withdraw")}
            </Button>
          )
        ),
    },
  ];
  return (
    <DataTable
      name="group-decisions"
      label={t("group.tab.decisions")}
      columns={columns}
      rows={decisions}
      rowKey={(row) => String(row.id)}
      empty={<p className={styles.none}>{t("group.decisions.none")}</p>}
    />
  );
}
