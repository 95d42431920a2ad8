// SPDX-License-Identifier: MIT
import { useState } from "react";
import { t } from "@/app/i18n";
import { prefer, usePreferences } from "@/app/preferences";
import { Button } from "@/components/controls/button";
import { Dialog, Foot } from "@/components/controls/dialog";
import { TextField } from "@/components/controls/field";
import styles from "./events.module.css";

/** Searches with a name, kept in this browser; each is a click away. */
export function SavedSearches({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const { searches } = usePreferences();
  const [naming, setNaming] = useState(false);
  const saved = searches.some((one) => one.query === query);
  if (searches.length === 0 && query === "") return null;
  return (
    <div className={`${styles.saved} no-print`}>
      {searches.map((one) => (
        <span key={one.name} className={styles.chip}>
          <Button small aria-pressed={one.query === query} onClick={() => onQuery(one.query)} title={one.query}>
            {one.name}
          </Button>
          <Button
            small
            kind="plain"
            icon="close"
            aria-label={t("events.saved.remove", { name: one.name })}
            onClick={() => prefer({ searches: searches.filter((other) => other !== one) })}
          />
        </span>
      ))}
      {query !== "" && !saved && (
        <Button small kind="plain" icon="plus" onClick={() => setNaming(true)}>
          {t("events.saved.save")}
        </Button>
      )}
      <Naming open={naming} query={query} onClose={() => setNaming(false)} />
    </div>
  );
}

function Naming({ open, query, onClose }: { open: boolean; query: string; onClose: () => void }) {
  const { searches } = usePreferences();
  return (
    <Dialog title={t("events.saved.save")} open={open} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const name = String(new FormData(event.currentTarget).get("name")).trim();
          if (name === "") return;
          prefer({ searches: [...searches.filter((one) => one.name !== name), { name, query }] });
          onClose();
        }}
      >
        <TextField label={t("events.saved.name")} name="name" hint={query} maxLength={40} required autoFocus />
        <Foot>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind="primary">
            {t("common.save")}
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
