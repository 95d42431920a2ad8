// SPDX-License-Identifier: MIT
/** One identity or campaign: its graph, members and evidence, its history, and what people decide about it. */

import { useParams } from "@tanstack/react-router";
import { useState, type ReactElement } from "react";
import { useGet } from "@/api/queries";
import { formatNumber, t, tn } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { Tabs } from "@/components/controls/tabs";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { CampaignLink } from "../attackers/links";
import { ExportButtons } from "../reports/export-buttons";
import { Decide, type Deciding } from "./decide";
import { GraphTab } from "./graph-tab";
import { paths, type Kind, type Whole } from "./kinds";
import { DecisionTable, EvidenceTable, HistoryTable, MemberTable } from "./tables";
import styles from "./groups.module.css";

export function GroupPage({ kind }: { kind: Kind }): ReactElement {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useGet(paths(kind).one, { params: { path: { group: id }, query: { limit: 500 } } }, { keep: true });
  const whole = query.data;
  return (
    <Page
      title={t(kind.name, { id: (whole?.group.id ?? id).slice(0, 8) })}
      about={whole && <About whole={whole} />}
      actions={whole && <ExportButtons query={{ [kind.one]: whole.group.id }} name={whole.group.id.slice(0, 8)} />}
    >
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={420} />}
      {whole && <GroupTabs key={whole.group.id} kind={kind} whole={whole} />}
    </Page>
  );
}

function About({ whole: { group, campaign } }: { whole: Whole }): ReactElement {
  return (
    <span className={styles.about}>
      {tn("group.members", group.members)} · <Moment value={group.first_seen} show="absolute" /> –{" "}
      <Moment value={group.last_seen} show="absolute" />
      {campaign && (
        <>
          {" · "}
          {t("groups.column.campaign")} <CampaignLink id={campaign} />
        </>
      )}
      <CopyButton text={group.id} what={t("groups.column.id")} />
    </span>
  );
}

function GroupTabs({ kind, whole }: { kind: Kind; whole: Whole }): ReactElement {
  const [deciding, decide] = useState<Deciding | null>(null);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const may = useAllowed("analyst");
  const group = whole.group.id;
  const tabs = [
    { id: "graph", title: t("group.tab.graph"), content: () => <GraphTab kind={kind} whole={whole} /> },
    {
      id: "members",
      title: titled(t("group.tab.members"), whole.group.members),
      content: () => (
        <MemberTable
          kind={kind}
          group={group}
          {...(may
            ? { selected: chosen, onSelect: choose, onPin: (member: string) => decide({ ruling: "pin", member }) }
            : {})}
          tools={may && <MemberTools chosen={chosen} all={whole.group.members} decide={decide} />}
        />
      ),
    },
    {
      id: "evidence",
      title: titled(t("group.tab.evidence"), whole.common.length),
      content: () => <EvidenceTable common={whole.common} />,
    },
    {
      id: "history",
      title: titled(t("group.tab.history"), whole.changes.length),
      content: () => (
        <HistoryTable
          kind={kind}
          changes={whole.changes}
          {...(may ? { onUndo: (change: number) => decide({ ruling: "undo", change }) } : {})}
        />
      ),
    },
    {
      id: "decisions",
      title: titled(t("group.tab.decisions"), whole.decisions.length),
      content: () => (
        <DecisionTable
          decisions={whole.decisions}
          {...(may ? { onWithdraw: (decision: number) => decide({ ruling: "withdraw", decision }) } : {})}
        />
      ),
    },
  ];
  const done = (): void => {
    decide(null);
    choose(new Set());
  };
  return (
    <>
      <Tabs label={t("group.tabs")} tabs={tabs} />
      {deciding && <Decide kind={kind} group={group} deciding={deciding} onClose={done} />}
    </>
  );
}

function titled(title: string, number: number): ReactElement {
  return (
    <>
      {title} {number > 0 && <small className="muted">{formatNumber(number)}</small>}
    </>
  );
}

interface ToolProps {
  chosen: ReadonlySet<string>;
  all: number;
  decide: (deciding: Deciding) => void;
}

function MemberTools({ chosen, all, decide }: ToolProps): ReactElement {
  const everybody = chosen.size >= all;
  return (
    <span className={styles.tools}>
      <Button
        small
        disabled={!chosen.size || everybody}
        {...(everybody && chosen.size ? { title: t("group.split.all") } : {})}
        onClick={() => decide({ ruling: "split", members: [...chosen] })}
      >
        {t("group.split")}
      </Button>
      <Button small onClick={() => decide({ ruling: "join" })}>
        {t("group.join")}
      </Button>
      {chosen.size > 0 && <span>{tn("group.selected", chosen.size)}</span>}
    </span>
  );
}
