// SPDX-License-Identifier: MIT
/** Command lines, each with a link to the place in its session, and to all events that have it. */

import type { ReactElement } from "react";
import type { Data } from "@/api/queries";
import { t } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { Pivot } from "@/components/pivot/pivot";
import { Badge } from "@/components/show/badge";
import { Moment } from "@/components/show/moment";
import styles from "./attackers.module.css";

type Command = Data<"/api/v1/attackers/{ip}">["commands"][number];

export function CommandList({ commands }: { commands: readonly Command[] }): ReactElement {
  if (!commands.length) return <p className="muted">{t("attacker.commands.none")}</p>;
  return (
    <ol className={styles.commands}>
      {commands.map((one) => (
        <li key={one.seq}>
          <Moment value={one.ts} show="absolute" />
          <span className={styles.command}>
            <Pivot value={one.text} what={t("pivot.command")} />
            {!one.known && <Badge tone="warn">{t("attacker.commands.unknown")}</Badge>}
          </span>
          <span className={styles.where}>
            {[one.decky, one.service].filter(Boolean).join(" · ")}
            {one.session && (
              <>
                {" "}
                <Go to="/sessions/$session" params={{ session: one.session }}>
                  {t("attacker.sessions.replay")}
                </Go>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
