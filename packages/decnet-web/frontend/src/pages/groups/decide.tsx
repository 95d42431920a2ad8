// SPDX-License-Identifier: MIT
/** Asks for the reason of a decision, shows what it would do (the API's own dry run), and takes it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState, type ReactElement } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { forget, type Data } from "@/api/queries";
import { client } from "@/api/client";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { TextArea, TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { toast } from "@/components/feedback/toast";
import { paths, type Kind } from "./kinds";
import { decisionWords } from "./words";
import styles from "./groups.module.css";

type Decision = Data<"/api/v1/identities/{group}">["decisions"][number];

export type Deciding =
  | { ruling: "split"; members: readonly string[] }
  | { ruling: "join" }
  | { ruling: "pin"; member: string }
  | { ruling: "undo"; change: number }
  | { ruling: "withdraw"; decision: number };

interface Outcome {
  decisions: readonly Decision[];
  subjects: readonly string[];
}

interface Props {
  kind: Kind;
  group: string;
  deciding: Deciding;
  onClose: () => void;
}

export function Decide({ kind, group, deciding, onClose }: Props): ReactElement {
  const [others, setOthers] = useState("");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const body = bodyOf(deciding, others);
  const take = async (): Promise<void> => {
    if (!body) return;
    setBusy(true);
    try {
      await send(kind, group, deciding, { ...body, ...(deciding.ruling === "withdraw" ? {} : { reason }) });
      toast(t("group.done"));
      // The worker follows within seconds: what it makes of the decision is asked for again.
      forget(queries, [`/api/v1/${kind.many}`]);
      setTimeout(() => forget(queries, ["/api/v1/identities", "/api/v1/campaigns", "/api/v1/attackers"]), 3000);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={titleOf(deciding)} open onClose={onClose}>
      <p>{t(`group.${deciding.ruling}.about`)}</p>
      {deciding.ruling === "split" && <Names names={deciding.members} />}
      {deciding.ruling === "join" && (
        <TextField
          label={t("group.join.with")}
          hint={t("group.join.hint")}
          value={others}
          onChange={(event) => setOthers(event.target.value)}
        />
      )}
      {deciding.ruling !== "withdraw" && (
        <>
          <TextArea
            label={t("group.reason")}
            hint={t("group.reason.hint")}
            maxLength={4096}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          {body && <Preview kind={kind} group={group} deciding={deciding} body={body} />}
        </>
      )}
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" disabled={busy || !body} onClick={() => void take()}>
          {deciding.ruling === "join" ? t("group.join.action") : t(`group.${deciding.ruling}`)}
        </Button>
      </Foot>
    </Dialog>
  );
}

function titleOf(deciding: Deciding): string {
  switch (deciding.ruling) {
    case "pin":
      return t("group.pin.title", { member: deciding.member });
    case "undo":
      return t("group.undo.title", { n: String(deciding.change) });
    case "withdraw":
      return t("group.withdraw.title", { n: String(deciding.decision) });
    default:
      return t(`group.${deciding.ruling}.title`);
  }
}

type Body = Readonly<Record<string, unknown>>;

function bodyOf(deciding: Deciding, others: string): Body | null {
  switch (deciding.ruling) {
    case "split":
      return { subjects: deciding.members };
    case "join": {
      const subjects = others.split(/[\s,]+/).filter(Boolean);
      return subjects.length ? { subjects } : null;
    }
    case "pin":
      return { subject: deciding.member };
    case "undo":
      return { change: deciding.change };
    case "withdraw":
      return { decision: deciding.decision };
  }
}

async function send(kind: Kind, group: string, { ruling }: Deciding, body: Body): Promise<Outcome> {
  const { data } = await client.POST(paths(kind).ruling(ruling), { params: { path: { group } }, body: body as never });
  return data as Outcome;
}

interface PreviewProps {
  kind: Kind;
  group: string;
  deciding: Deciding;
  body: Body;
}

function Preview({ kind, group, deciding, body }: PreviewProps): ReactElement {
  const asked = useDeferredValue(JSON.stringify(body));
  const query = useQuery<Outcome, Problem>({
    queryKey: ["preview", kind.one, group, deciding.ruling, asked],
    queryFn: () => send(kind, group, deciding, { ...(JSON.parse(asked) as Body), dry_run: true }),
    retry: false,
    gcTime: 0,
  });
  return (
    <section className={styles.preview} aria-label={t("group.preview")} aria-live="polite">
      <h3>{t("group.preview")}</h3>
      {query.error && <ErrorState problem={query.error} />}
      {query.isPending && <Skeleton lines={2} />}
      {query.data && (
        <>
          <ul>
            {query.data.decisions.map((one) => (
              <li key={one.id}>{decisionWords(one)}</li>
            ))}
          </ul>
          <h4>{t("group.preview.moves")}</h4>
          <Names names={query.data.subjects} />
        </>
      )}
    </section>
  );
}

const MOST_NAMES = 30;

function Names({ names }: { names: readonly string[] }): ReactElement {
  if (!names.length) return <p className="muted">{t("group.preview.none")}</p>;
  return (
    <p className={styles.names}>
      {names.slice(0, MOST_NAMES).map((name) => (
        <code key={name}>{name}</code>
      ))}
      {names.length > MOST_NAMES && <span>{t("group.more", { n: names.length - MOST_NAMES })}</span>}
    </p>
  );
}
