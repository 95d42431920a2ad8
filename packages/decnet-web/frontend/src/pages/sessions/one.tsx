// SPDX-License-Identifier: MIT
/** One session: what happened in a sentence, its replay, transcript, commands, files, techniques and events. */

import { useParams } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useGet, type Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { buttonClass } from "@/components/controls/button";
import { Tabs } from "@/components/controls/tabs";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Go } from "@/components/pivot/go";
import { Address } from "@/components/show/address";
import { Badge } from "@/components/show/badge";
import { Icon } from "@/components/show/icon";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { CommandList } from "../attackers/commands";
import { EventList } from "../attackers/event-list";
import { SightingList } from "../files/sightings";
import { TagList } from "../techniques/tags";
import { lengthOf } from "./page";
import { recordingAddress } from "./recording";
import { Replay, Transcript } from "./replay";
import styles from "./sessions.module.css";

type Whole = Data<"/api/v1/sessions/{session}">;

export default function OneSession(): ReactElement {
  const { session } = useParams({ strict: false }) as { session: string };
  const query = useGet("/api/v1/sessions/{session}", { params: { path: { session } } });
  const title = t("session.title", { session: session.slice(0, 20) });
  return (
    <Page title={title} actions={query.data && <Actions whole={query.data} />}>
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton height={420} />}
      {query.data && <Content whole={query.data} />}
    </Page>
  );
}

function Actions({ whole: { session } }: { whole: Whole }): ReactElement {
  return (
    <>
      <Go to="/attackers/$ip" params={{ ip: session.attacker }} className={buttonClass({})}>
        <Icon name="attackers" size={16} />
        {session.attacker}
      </Go>
      {session.recording && (
        <a className={buttonClass({})} href={recordingAddress(session.session)} download={`${session.session}.cast`}>
          <Icon name="download" size={16} />
          {t("session.download")}
        </a>
      )}
    </>
  );
}

function Content({ whole }: { whole: Whole }): ReactElement {
  const { session, story } = whole;
  return (
    <>
      <div className={styles.head}>
        <Card title={t("session.story")}>
          <p className={styles.story}>{story.sentence}</p>
          {story.typist && (
            <p className={styles.typist}>
              {t("session.typist")} <Badge tone="accent">{story.typist.name}</Badge> {story.typist.reason}
            </p>
          )}
        </Card>
        <Card title={t("session.facts")}>
          <Facts
            items={[
              [t("sessions.column.attacker"), <Address key="a" value={session.attacker} copy />],
              [t("sessions.column.opened"), <Moment key="o" value={session.opened_at ?? session.first_seen} />],
              [t("sessions.column.length"), lengthOf(session)],
              [t("sessions.column.decky"), place(session)],
              [t("sessions.column.user"), session.username],
              [t("session.terminal"), session.terminal],
            ]}
          />
        </Card>
      </div>
      <SessionTabs whole={whole} />
    </>
  );
}

function place({ service, decky }: Whole["session"]): string {
  return [decky, service].filter(Boolean).join(" · ") || "–";
}

function SessionTabs({ whole }: { whole: Whole }): ReactElement {
  const [search, change] = useQueryState();
  const { session } = whole;
  const startAt = Number(search["command"] ?? -1);
  const tabs = [
    {
      id: "replay",
      title: t("session.tab.replay"),
      content: () => (
        <Replay session={session} startAt={startAt} onStep={(step) => change({ command: String(step) })} />
      ),
    },
    { id: "transcript", title: t("session.tab.transcript"), content: () => <Transcript session={session} /> },
    {
      id: "commands",
      title: `${t("session.tab.commands")} ${whole.commands.length}`,
      content: () => <CommandList commands={whole.commands} />,
    },
    {
      id: "techniques",
      title: `${t("session.tab.techniques")} ${whole.techniques.length}`,
      content: () => <TagList tags={whole.techniques} empty={t("session.techniques.none")} />,
    },
    {
      id: "files",
      title: `${t("session.tab.files")} ${whole.files.length}`,
      content: () => <SightingList sightings={whole.files} />,
    },
    {
      id: "events",
      title: t("session.tab.events"),
      content: () => (
        <EventList query={{ session: session.session }} all={{ q: `session:${session.session}`, since: "all" }} />
      ),
    },
  ];
  return (
    <Card>
      <Tabs label={t("session.tabs")} tabs={tabs} />
    </Card>
  );
}
