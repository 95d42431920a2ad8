// SPDX-License-Identifier: MIT
/** The sessions of an attacker, each told in a sentence; one of them can be replayed in its place. */

import type { ReactElement } from "react";
import type { Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { Button } from "@/components/controls/button";
import { Go } from "@/components/pivot/go";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import { lengthOf } from "../sessions/page";
import { Replay } from "../sessions/replay";
import type { AttackerWhole } from "./one";
import styles from "./attackers.module.css";

interface Props {
  sessions: readonly Item<"/api/v1/sessions">[];
  stories: AttackerWhole["stories"];
}

export function SessionList({ sessions, stories }: Props): ReactElement {
  const [search, change] = useQueryState();
  if (!sessions.length) return <p className="muted">{t("attacker.sessions.none")}</p>;
  const told = new Map(stories.map((story) => [story.session, story]));
  return (
    <ul>
      {sessions.map((one) => (
        <SessionItem
          key={one.session}
          session={one}
          story={told.get(one.session)}
          open={search["session"] === one.session}
          onToggle={(open) => change({ session: open ? one.session : undefined })}
        />
      ))}
    </ul>
  );
}

interface ItemProps {
  session: Item<"/api/v1/sessions">;
  story: AttackerWhole["stories"][number] | undefined;
  open: boolean;
  onToggle: (open: boolean) => void;
}

function SessionItem({ session, story, open, onToggle }: ItemProps): ReactElement {
  const place = [session.username, session.decky].filter(Boolean).join(" @ ");
  return (
    <li className={styles.session}>
      <div className={styles.sessionHead}>
        <Go to="/sessions/$session" params={{ session: session.session }}>
          <code>{session.session.slice(0, 20)}</code>
        </Go>
        <Moment value={session.opened_at ?? session.first_seen} />
        <span>{place}</span>
        <span className="muted">{lengthOf(session)}</span>
        {session.recording && (
          <Button
            small
            kind={open ? "normal" : "primary"}
            icon="play"
            aria-expanded={open}
            onClick={() => onToggle(!open)}
          >
            {t(open ? "attacker.sessions.hide" : "attacker.sessions.replay")}
          </Button>
        )}
      </div>
      {story && (
        <p>
          {story.sentence} {story.typist && <Badge tone="accent">{story.typist.name}</Badge>}
        </p>
      )}
      {open && (
        <div className={styles.replay}>
          <Replay session={session} />
        </div>
      )}
    </li>
  );
}
