// SPDX-License-Identifier: MIT
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { asProblem, Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { getPasskey, hasPasskeys } from "@/app/passkeys";
import { useQueryState } from "@/app/search";
import { adopt, request, useSession } from "@/app/session";
import { Button, buttonClass } from "@/components/controls/button";
import { TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Words } from "@/components/show/words";
import mark from "@/styles/decnet.svg";
import { linkSecret, placeAfter, type Methods, type Outcome } from "./outcome";
import styles from "./login.module.css";

const SESSION = "/api/v1/session";

/** What the page does with the answer of a step; returns the ticket of a second step. */
function useOutcome(): (outcome: Outcome) => string | null {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const [search] = useQueryState();
  return ({ ticket, session }) => {
    if (!session) return ticket ?? null;
    adopt(queries, session);
    if (session.must_set_up) void navigate({ to: "/account" as never, search: { setup: "1" } as never, replace: true });
    else router.history.replace(placeAfter(search.next));
    return null;
  };
}

export default function Login() {
  const [search] = useQueryState();
  const session = useSession();
  const router = useRouter();
  const outcome = useOutcome();
  const [ticket, setTicket] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const methods = useQuery<Methods, Problem>({
    queryKey: ["methods"],
    queryFn: () => request<Methods>("GET", `${SESSION}/methods`),
  });
  const step = async (work: () => Promise<Outcome>) => {
    setBusy(true);
    setProblem(null);
    try {
      setTicket(outcome(await work()));
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const link = useLink(step);
  useEffect(() => {
    document.title = `${t("login.title")} · DECNET`;
  }, []);
  useEffect(() => {
    // Somebody who is logged in has nothing to do here.
    const { data } = session;
    if (data && !data.must_set_up && !link && !busy) router.history.replace(placeAfter(search.next));
  }, [session, link, busy, router, search.next]);

  return (
    <main className={styles.login}>
      <div className={styles.box}>
        <div className={styles.brand}>
          <img src={mark} alt="" />
          <span>DECNET</span>
        </div>
        <h1>{ticket ? t("login.totp.title") : link ? t("login.link.title") : t("login.title")}</h1>
        {search.problem && !problem && <ErrorState problem={new Problem(403, t("login.refused"), search.problem)} />}
        {problem && <ErrorState problem={problem} />}
        {methods.data?.plain_http_refused && <p className={styles.note}>{t("login.plain")}</p>}
        {busy && link ? (
          <Skeleton lines={2} />
        ) : ticket ? (
          <SecondStep
            busy={busy}
            onCode={(code) => void step(() => request("POST", `${SESSION}/totp`, { ticket, code }))}
            onBack={() => setTicket(null)}
          />
        ) : (
          <>
            <PasswordStep
              busy={busy}
              onPassword={(name, password) => void step(() => request("POST", SESSION, { name, password }))}
            />
            <OtherWays
              methods={methods.data}
              next={placeAfter(search.next)}
              onPasskey={() => void step(logInWithPasskey)}
            />
          </>
        )}
      </div>
    </main>
  );
}

async function logInWithPasskey(): Promise<Outcome> {
  const { ticket, options } = await request<{ ticket: string; options: Record<string, unknown> }>(
    "POST",
    `${SESSION}/passkey/options`,
  );
  return await request("POST", `${SESSION}/passkey`, { ticket, credential: await getPasskey(options) });
}

/** Logs in by the one-time link of the address, once; its secret leaves the address at once. */
function useLink(step: (work: () => Promise<Outcome>) => Promise<void>): boolean {
  const [secret] = useState(() => linkSecret(location.hash));
  const used = useRef(false);
  useEffect(() => {
    if (secret === null || used.current) return;
    used.current = true;
    history.replaceState(history.state, "", location.pathname + location.search);
    void step(() => request("POST", `${SESSION}/link`, { secret }));
  }, [secret, step]);
  return secret !== null;
}

function Form({ onSubmit, children }: { onSubmit: (values: FormData) => void; children: ReactNode }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit(new FormData(event.currentTarget));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {children}
    </form>
  );
}

function PasswordStep({ busy, onPassword }: { busy: boolean; onPassword: (name: string, password: string) => void }) {
  return (
    <Form onSubmit={(values) => onPassword(String(values.get("name")), String(values.get("password")))}>
      <TextField label={t("login.name")} name="name" autoComplete="username" autoCapitalize="none" required autoFocus />
      <TextField label={t("login.password")} name="password" type="password" autoComplete="current-password" required />
      <Button type="submit" kind="primary" disabled={busy}>
        {t("login.submit")}
      </Button>
    </Form>
  );
}

function SecondStep({ busy, onCode, onBack }: { busy: boolean; onCode: (code: string) => void; onBack: () => void }) {
  return (
    <Form onSubmit={(values) => onCode(String(values.get("code")))}>
      <TextField
        label={t("login.totp.code")}
        hint={t("login.totp.hint")}
        name="code"
        autoComplete="one-time-code"
        required
        autoFocus
      />
      <Button type="submit" kind="primary" disabled={busy}>
        {t("login.submit")}
      </Button>
      <Button kind="plain" onClick={onBack}>
        {t("login.back")}
      </Button>
    </Form>
  );
}

function OtherWays({
  methods,
  next,
  onPasskey,
}: {
  methods: Methods | undefined;
  next: string;
  onPasskey: () => void;
}) {
  if (methods === undefined || (!methods.passkeys && methods.provider === null)) {
    return (
      <p className={styles.note}>
        <Words text={t("login.help")} />
      </p>
    );
  }
  return (
    <div className={styles.other}>
      {methods.passkeys && hasPasskeys() && (
        <Button icon="key" onClick={onPasskey}>
          {t("login.passkey")}
        </Button>
      )}
      {methods.provider && (
        <a className={buttonClass({})} href={`${SESSION}/oidc?next=${encodeURIComponent(next)}`}>
          {t("login.provider", { name: methods.provider.name })}
        </a>
      )}
      <p className={styles.note}>
        <Words text={t("login.help")} />
      </p>
    </div>
  );
}
