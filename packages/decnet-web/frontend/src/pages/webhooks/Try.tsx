// SPDX-License-Identifier: MIT
/** Sends a test to a receiver and shows what it answered. */
import { useEffect, useRef } from "react";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Badge } from "@/components/show/badge";
import styles from "./webhooks.module.css";

const WAIT_SECONDS = 15;

export function Try({ id, atOnce = false }: { id: string; atOnce?: boolean }) {
  const { mutate, data, error, isPending } = useSend("post", "/api/v1/webhooks/{webhook}/test", ["/api/v1/webhooks"]);
  const started = useRef(false);
  useEffect(() => {
    if (!atOnce || started.current) return;
    started.current = true;
    mutate({ params: { path: { webhook: id } }, body: { wait: WAIT_SECONDS } });
  }, [atOnce, id, mutate]);
  return (
    <div className={styles.try} role="status">
      <Button
        small
        disabled={isPending}
        onClick={() => mutate({ params: { path: { webhook: id } }, body: { wait: WAIT_SECONDS } })}
      >
        {t("webhooks.test")}
      </Button>
      {isPending && <Badge tone="accent">{t("webhooks.test.waiting")}</Badge>}
      {error && <ErrorState problem={error} />}
      {data && !isPending && (
        <>
          <Badge tone={data.delivered ? "good" : data.delivery ? "bad" : "warn"}>{outcome(data)}</Badge>
          {data.delivery?.answer && <pre className={styles.answer}>{data.delivery.answer}</pre>}
        </>
      )}
    </div>
  );
}

interface Outcome {
  delivered: boolean;
  words: string;
  delivery: { status: number | null; error: string | null } | null;
}

function outcome({ delivered, words, delivery }: Outcome): string {
  if (!delivery) return t("webhooks.test.unattempted");
  if (delivered) {
    return delivery.status === null
      ? t("webhooks.test.delivered.plain")
      : t("webhooks.test.delivered", { status: String(delivery.status) });
  }
  return t("webhooks.test.failed", { error: delivery.error ?? words });
}
