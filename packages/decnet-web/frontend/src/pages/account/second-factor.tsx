// SPDX-License-Identifier: MIT
/** The authenticator: set up by QR code, recovery codes shown once, off again with the password. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { useSend } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { SESSION_KEY, type Me } from "@/app/session";
import { Button } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { Dialog, Foot } from "@/components/controls/dialog";
import { TextField } from "@/components/controls/field";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge } from "@/components/show/badge";
import { Card } from "@/components/show/layout";
import { asProblem, type Problem } from "@/api/problem";
import styles from "./account.module.css";

type Setup = { ticket: string; secret: string; svg?: string | null };
type Step = "setup" | "remove" | "codes" | null;

export function SecondFactor({ me }: { me: Me }) {
  const queries = useQueryClient();
  const again = () => void queries.invalidateQueries({ queryKey: SESSION_KEY });
  const [step, setStep] = useState<Step>(null);
  const [setup, setSetup] = useState<Setup | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const begin = useSend("post", "/api/v1/account/totp");
  const remove = useSend("post", "/api/v1/account/totp/remove");
  const renew = useSend("post", "/api/v1/account/recovery-codes");
  const confirmed = async (password: string | null) => {
    if (step === "setup") setSetup(await begin.mutateAsync({ body: { password } }));
    else if (step === "codes") setCodes((await renew.mutateAsync({ body: { password } })).codes);
    else await remove.mutateAsync({ body: { password } });
    setStep(null);
    again();
  };
  return (
    <Card title={t("account.totp")}>
      <div className={styles.stack}>
        <p>
          <Badge tone={me.totp ? "good" : "warn"}>{me.totp ? t("account.totp.on") : t("account.totp.off")}</Badge>
        </p>
        {me.totp ? (
          <>
            <p className="muted">{tn("account.codes.left", me.recovery_codes_left)}</p>
            <Button onClick={() => setStep("codes")}>{t("account.codes.new")}</Button>
            <Button kind="danger" onClick={() => setStep("remove")}>
              {t("account.totp.remove")}
            </Button>
          </>
        ) : (
          <Button kind="primary" icon="lock" onClick={() => setStep("setup")}>
            {t("account.totp.start")}
          </Button>
        )}
      </div>
      {step && <Confirm key={step} step={step} me={me} onClose={() => setStep(null)} onPassword={confirmed} />}
      {setup && (
        <SetUp
          setup={setup}
          onClose={() => setSetup(null)}
          onCodes={(some) => {
            setSetup(null);
            setCodes(some);
            again();
          }}
        />
      )}
      {codes && <Codes codes={codes} onClose={() => setCodes(null)} />}
    </Card>
  );
}

const TITLES = { setup: "account.totp.start", remove: "account.totp.remove", codes: "account.codes.new" } as const;

function Confirm({
  step,
  me,
  onClose,
  onPassword,
}: {
  step: Exclude<Step, null>;
  me: Me;
  onClose: () => void;
  onPassword: (password: string | null) => Promise<void>;
}) {
  const [problem, setProblem] = useState<Problem | null>(null);
  return (
    <Dialog title={t(TITLES[step])} open onClose={onClose}>
      <Ask
        problem={problem}
        action={t(TITLES[step])}
        onClose={onClose}
        onSubmit={(values) => {
          const password = values.get("password");
          onPassword(password === null ? null : String(password)).catch((error: unknown) =>
            setProblem(asProblem(error)),
          );
        }}
      >
        {step === "remove" && <p>{t("account.totp.remove.detail")}</p>}
        {step === "codes" && <p>{t("account.codes.detail")}</p>}
        {me.has_password && (
          <TextField
            label={t("account.totp.confirm.password")}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
          />
        )}
      </Ask>
    </Dialog>
  );
}

function Ask({
  problem,
  action,
  onClose,
  onSubmit,
  children,
}: {
  problem: Problem | null;
  action: string;
  onClose: () => void;
  onSubmit: (values: FormData) => void;
  children: ReactNode;
}) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" kind="primary">
          {action}
        </Button>
      </Foot>
    </form>
  );
}

/** An address of the picture: an image element runs nothing that an SVG might hold. */
function usePicture(svg: string | null | undefined): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (!svg) return;
    const made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the address exists only while the effect does
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  return address;
}

function SetUp({
  setup,
  onClose,
  onCodes,
}: {
  setup: Setup;
  onClose: () => void;
  onCodes: (codes: readonly string[]) => void;
}) {
  const confirm = useSend("put", "/api/v1/account/totp");
  const picture = usePicture(setup.svg);
  return (
    <Dialog title={t("account.totp")} open onClose={onClose}>
      <p>{t("account.totp.scan")}</p>
      {picture && <img className={styles.qr} src={picture} alt={t("account.totp.picture")} />}
      <div className={styles.secret}>
        <code>{setup.secret}</code>
        <CopyButton text={setup.secret} what={t("account.totp.secret")} />
      </div>
      <Ask
        problem={confirm.error}
        action={t("account.totp.confirm")}
        onClose={onClose}
        onSubmit={(values) =>
          void confirm
            .mutateAsync({ body: { ticket: setup.ticket, code: String(values.get("code")) } })
            .then(({ codes }) => onCodes(codes))
            .catch(() => undefined)
        }
      >
        <TextField
          label={t("account.totp.code")}
          name="code"
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          autoFocus
        />
      </Ask>
    </Dialog>
  );
}

function Codes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog title={t("account.codes")} open onClose={onClose}>
      <p>{t("account.codes.once")}</p>
      <ul className={styles.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Foot>
        <CopyButton text={codes.join("\n")} what={t("account.codes")} words={t("common.copy")} />
        <Button kind="primary" onClick={onClose}>
          {t("account.codes.kept")}
        </Button>
      </Foot>
    </Dialog>
  );
}
