// SPDX-License-Identifier: MIT
/** What a list is narrowed by that has no field of its own, each with a button that takes it away. */

import type { ReactElement } from "react";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { Button } from "@/components/controls/button";
import styles from "./pivot.module.css";

interface Props {
  names: Readonly<Record<string, string>>;
  /** Parameters that go together with one, e.g. the type of a fingerprint. */
  together?: Readonly<Record<string, readonly string[]>>;
}

export function PivotChips({ names, together = {} }: Props): ReactElement | null {
  const [search, change] = useQueryState();
  const used = Object.entries(names).filter(([name]) => search[name]);
  if (!used.length) return null;
  return (
    <div className={`${styles.chips} no-print`}>
      {used.map(([name, label]) => (
        <span key={name} className={styles.chip}>
          <span>{label}</span>
          <code>{search[name]}</code>
          <Button
            kind="plain"
            small
            icon="close"
            aria-label={t("filter.remove", { name: label })}
            onClick={() => change(Object.fromEntries([name, ...(together[name] ?? [])].map((one) => [one, undefined])))}
          />
        </span>
      ))}
    </div>
  );
}
