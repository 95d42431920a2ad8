// SPDX-License-Identifier: MIT
/** Short notes about what was done: `toast("Incident closed")`, `toast(problem.message, "bad")`. */
import { useSyncExternalStore } from "react";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import styles from "./feedback.module.css";

interface Note {
  id: number;
  words: string;
  kind: "good" | "bad";
}

const SHOWN_MS = 5000;
const MOST = 4;
let notes: readonly Note[] = [];
let next = 1;
const watchers = new Set<() => void>();

function become(changed: readonly Note[]): void {
  notes = changed;
  for (const watcher of watchers) watcher();
}

function drop(id: number): void {
  become(notes.filter((one) => one.id !== id));
}

export function toast(words: string, kind: "good" | "bad" = "good"): void {
  const id = next++;
  become([...notes.slice(1 - MOST), { id, words, kind }]);
  setTimeout(() => drop(id), kind === "bad" ? 2 * SHOWN_MS : SHOWN_MS);
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => notes);
  return (
    <div className={`${styles.toasts} no-print`} role="status" aria-live="polite">
      {shown.map(({ id, words, kind }) => (
        <div key={id} className={`${styles.toast} ${kind === "bad" ? styles.bad : ""}`}>
          <p>{words}</p>
          <Button kind="plain" small icon="close" onClick={() => drop(id)} aria-label={t("common.close")} />
        </div>
      ))}
    </div>
  );
}
