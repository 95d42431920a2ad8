// SPDX-License-Identifier: MIT
/** The recording of a session in a player, or as a transcript, or why there is none. */

import { lazy, Suspense, useMemo, type ReactElement } from "react";
import type { Item } from "@/api/queries";
import { t } from "@/app/i18n";
import { CopyButton } from "@/components/controls/copy";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { transcriptOf } from "@/components/terminal/transcript";
import type { Recording } from "@/components/terminal/asciicast";
import { useRecording } from "./recording";
import styles from "./sessions.module.css";

type SessionItem = Item<"/api/v1/sessions">;

const Player = lazy(async () => ({ default: (await import("@/components/terminal/player")).SessionPlayer }));

interface Props {
  session: SessionItem;
  startAt?: number;
  onStep?: (step: number) => void;
}

export function Replay({ session, startAt, onStep }: Props): ReactElement {
  return (
    <WithRecording session={session}>
      {(recording) => (
        <Suspense fallback={<Skeleton height={320} />}>
          <Player
            key={session.session}
            recording={recording}
            {...(startAt === undefined ? {} : { startAt })}
            {...(onStep ? { onStep } : {})}
          />
          <p className={`${styles.keys} no-print`}>{t("player.keys")}</p>
        </Suspense>
      )}
    </WithRecording>
  );
}

export function Transcript({ session }: { session: SessionItem }): ReactElement {
  return <WithRecording session={session}>{(recording) => <TranscriptText recording={recording} />}</WithRecording>;
}

function TranscriptText({ recording }: { recording: Recording }): ReactElement {
  const { lines, cut } = useMemo(() => transcriptOf(recording), [recording]);
  const text = lines.join("\n");
  if (!text) return <p className="muted">{t("session.transcript.none")}</p>;
  return (
    <div>
      <pre className={styles.transcript} tabIndex={0} aria-label={t("player.transcript")}>
        {text}
      </pre>
      {cut && <p className="muted">{t("player.transcript.cut")}</p>}
      <CopyButton text={text} what={t("player.transcript")} words={t("common.copy")} />
    </div>
  );
}

interface WithProps {
  session: SessionItem;
  children: (recording: Recording) => ReactElement;
}

function WithRecording({ session, children }: WithProps): ReactElement {
  const recorded = session.recording !== null;
  const query = useRecording(session.session, recorded);
  if (!recorded) {
    return (
      <EmptyState icon="sessions" title={t("session.no.recording")}>
        <p>{t(session.closed_at === null ? "session.no.recording.open" : "session.no.recording.why")}</p>
      </EmptyState>
    );
  }
  if (query.error) return <ErrorState problem={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? children(query.data) : <Skeleton height={320} />;
}
