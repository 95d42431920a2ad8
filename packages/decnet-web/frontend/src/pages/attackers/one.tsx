// SPDX-License-Identifier: MIT
/** Everything about one address, a tab for each part; each tab has a link of its own. */

import { useParams } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useGet, type Data } from "@/api/queries";
import { formatCompact, t } from "@/app/i18n";
import { CopyButton } from "@/components/controls/copy";
import { Tabs } from "@/components/controls/tabs";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Page } from "@/components/show/layout";
import { SightingList } from "../files/sightings";
import { OfAttacker } from "../groups/of-attacker";
import { IntelPanel } from "../intel/panel";
import { ExportButtons } from "../reports/export-buttons";
import { CommandList } from "./commands";
import { CredentialTable, FingerprintTable, TechniqueTable } from "./evidence";
import { KnownSource, MarkAsKnown } from "./known";
import { SessionList } from "./session-list";
import { Summary } from "./summary";
import { Timeline } from "./timeline";

export type AttackerWhole = Data<"/api/v1/attackers/{ip}">;

export default function OneAttacker(): ReactElement {
  const { ip } = useParams({ strict: false }) as { ip: string };
  const query = useGet("/api/v1/attackers/{ip}", { params: { path: { ip } } }, { keep: true });
  const whole = query.data;
  return (
    <Page title={ip} actions={whole && <Actions whole={whole} />}>
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={420} />}
      {whole?.known && <KnownSource known={whole.known} />}
      {whole && <Tabs label={t("attacker.tabs")} tabs={tabsOf(whole)} />}
    </Page>
  );
}

function Actions({ whole }: { whole: AttackerWhole }): ReactElement {
  return (
    <>
      <CopyButton text={JSON.stringify(whole, null, 2)} what={t("attacker.copy.what")} words={t("attacker.copy")} />
      <CopyButton text={location.href} what={t("attacker.link")} words={t("attacker.copy.link")} />
      <ExportButtons query={{ attacker: whole.attacker.ip }} name={whole.attacker.ip} />
      {!whole.known && <MarkAsKnown ip={whole.attacker.ip} />}
    </>
  );
}

function tabsOf(whole: AttackerWhole) {
  const counted = (title: string, list: readonly unknown[]) => (
    <>
      {title} {list.length > 0 && <small className="muted">{formatCompact(list.length)}</small>}
    </>
  );
  const { ip } = whole.attacker;
  return [
    { id: "summary", title: t("attacker.tab.summary"), content: () => <Summary whole={whole} /> },
    { id: "timeline", title: t("attacker.tab.timeline"), content: () => <Timeline attacker={whole.attacker} /> },
    {
      id: "sessions",
      title: counted(t("attacker.tab.sessions"), whole.sessions),
      content: () => <SessionList sessions={whole.sessions} stories={whole.stories} />,
    },
    {
      id: "commands",
      title: counted(t("attacker.tab.commands"), whole.commands),
      content: () => <CommandList commands={whole.commands} />,
    },
    {
      id: "credentials",
      title: counted(t("attacker.tab.credentials"), whole.credentials),
      content: () => <CredentialTable credentials={whole.credentials} lists={whole.password_lists} />,
    },
    {
      id: "fingerprints",
      title: counted(t("attacker.tab.fingerprints"), whole.fingerprints),
      content: () => <FingerprintTable fingerprints={whole.fingerprints} />,
    },
    {
      id: "techniques",
      title: counted(t("attacker.tab.techniques"), whole.techniques),
      content: () => <TechniqueTable techniques={whole.techniques} />,
    },
    {
      id: "files",
      title: counted(t("attacker.tab.files"), whole.files),
      content: () => <SightingList sightings={whole.files} />,
    },
    {
      id: "intel",
      title: counted(t("attacker.tab.intel"), whole.intel),
      content: () => <IntelPanel indicator={ip} address />,
    },
    {
      id: "identity",
      title: t("attacker.tab.identity"),
      content: () => <OfAttacker identity={whole.identity} />,
    },
  ];
}
