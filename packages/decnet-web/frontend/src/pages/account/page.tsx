// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import { useMe } from "@/app/session";
import { Page } from "@/components/show/layout";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { Sessions } from "./sessions";
import { SecondFactor } from "./second-factor";
import styles from "./account.module.css";

export default function Account() {
  const me = useMe();
  if (me === null) return null;
  return (
    <Page title={t("account.title")} about={t("account.about", { name: me.name, role: me.role })}>
      {me.must_set_up && (
        <section className={styles.setup} role="status">
          <h2>{t("account.setup.title")}</h2>
          <p>{t("account.setup.detail")}</p>
        </section>
      )}
      <div className={styles.cards}>
        <Password me={me} />
        <SecondFactor me={me} />
        <Passkeys />
        <div className={styles.wide}>
          <Sessions />
        </div>
      </div>
    </Page>
  );
}
