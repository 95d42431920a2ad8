// SPDX-License-Identifier: MIT
/** A canary that was just made: how to plant it; it says when it was used first. */
import { Link } from "@tanstack/react-router";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button, buttonClass } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { Badge } from "@/components/show/badge";
import { Code } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { Address } from "@/components/show/address";
import { DownloadButton } from "./DownloadButton";
import styles from "./canaries.module.css";

interface Shown {
  token: string;
  kind: string;
  content?: string | null;
  file: { name: string } | null;
}

const WATCH_MS = 2_000;

export function Made({ made, again, close }: { made: Shown; again: () => void; close: () => void }) {
  return (
    <>
      {made.file ? (
        <div className={styles.plant}>
          <p>{t("canaries.made.file")}</p>
          <DownloadButton token={made.token} name={made.file.name} primary />
        </div>
      ) : (
        <div className={styles.plant}>
          <p>{t("canaries.made.link")}</p>
          <Code text={made.content ?? ""} what={t("canaries.col.place")} />
        </div>
      )}
      <FirstHit token={made.token} />
      <Foot>
        <Button onClick={again}>{t("canaries.made.another")}</Button>
        <Link
          to="/canaries/$token"
          params={{ token: made.token }}
          className={buttonClass({ kind: "primary" })}
          onClick={close}
        >
          {t("common.details")}
        </Link>
      </Foot>
    </>
  );
}

function FirstHit({ token }: { token: string }) {
  const { data } = useGet("/api/v1/canaries/{token}", { params: { path: { token } } }, { every: WATCH_MS });
  const [hit] = data?.newest_hits ?? [];
  return (
    <div className={styles.watch} role="status">
      {hit ? (
        <>
          <Badge tone="good">{t("canaries.made.tripped")}</Badge>
          <span>
            <Moment value={hit.ts} show="ago" /> <Address value={hit.attacker} />
          </span>
        </>
      ) : (
        <>
          <Badge tone="accent">{t("canaries.made.watch")}</Badge>
          <span className="muted">{t("canaries.made.try")}</span>
        </>
      )}
    </div>
  );
}
