// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import { Code } from "@/components/show/layout";
import styles from "./webhooks.module.css";

/** A secret that was just made; it is nowhere else. */
export function Secret({ secret }: { secret: string }) {
  return (
    <section className={styles.secret}>
      <h3>{t("webhooks.secret.title")}</h3>
      <p className="muted">{t("webhooks.secret.detail")}</p>
      <Code text={secret} what={t("webhooks.secret.title")} />
    </section>
  );
}
