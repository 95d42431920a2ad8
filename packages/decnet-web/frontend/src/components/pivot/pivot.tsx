// SPDX-License-Identifier: MIT
/** A value by which others can be found: it leads to the attackers that share it, and can be copied. */

import type { ReactElement } from "react";
import { t } from "@/app/i18n";
import { CopyButton } from "@/components/controls/copy";
import { Go } from "./go";
import styles from "./pivot.module.css";

interface Props {
  value: string;
  /** What is shown instead of all of it, e.g. the beginning of a digest. */
  shown?: string;
  /** Of the page of attackers; without it the events that mention the value are shown. */
  search?: Readonly<Record<string, string>>;
  what: string;
}

export function Pivot({ value, shown, search, what }: Props): ReactElement {
  const words = search ? t("pivot.attackers", { what }) : t("pivot.events", { what });
  return (
    <span className={styles.pivot}>
      <Go to={search ? "/attackers" : "/events"} search={search ?? { q: quoted(value), since: "all" }} title={words}>
        <code>{shown ?? value}</code>
      </Go>
      <CopyButton text={value} what={what} />
    </span>
  );
}

/** A text as the query language of events has it. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").slice(0, 200)}"`;
}

export function shortDigest(digest: string): string {
  return digest.length > 20 ? `${digest.slice(0, 12)}…` : digest;
}
