// SPDX-License-Identifier: MIT
import { useEffect, useState } from "react";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { Button } from "./button";
import styles from "./filters.module.css";

export type Filter =
  | { kind: "text"; name: string; label: string }
  | { kind: "choice"; name: string; label: string; options: readonly (readonly [value: string, label: string])[] };

const SETTLED_MS = 300;

function Text({
  name,
  label,
  value,
  set,
}: {
  name: string;
  label: string;
  value: string;
  set: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // The address changed by something else, e.g. "back".
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => set(typed), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [typed, value, set]);
  return (
    <input
      type="search"
      name={name}
      className={styles.control}
      aria-label={label}
      placeholder={label}
      value={typed}
      spellCheck={false}
      autoComplete="off"
      data-page-search=""
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

/** Filters of a list, kept in the address; `/` goes to the first text. */
export function FilterBar({ filters }: { filters: readonly Filter[] }) {
  const [search, change] = useQueryState();
  const used = filters.filter((filter) => search[filter.name]);
  return (
    <div className={`${styles.bar} no-print`} role="search">
      {filters.map((filter) =>
        filter.kind === "text" ? (
          <Text
            key={filter.name}
            name={filter.name}
            label={filter.label}
            value={search[filter.name] ?? ""}
            set={(value) => change({ [filter.name]: value || undefined })}
          />
        ) : (
          <select
            key={filter.name}
            className={styles.control}
            aria-label={filter.label}
            value={search[filter.name] ?? ""}
            onChange={(event) => change({ [filter.name]: event.target.value || undefined })}
          >
            <option value="">{filter.label}</option>
            {filter.options.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        ),
      )}
      {used.length > 0 && (
        <Button
          kind="plain"
          small
          icon="close"
          onClick={() => change(Object.fromEntries(used.map((filter) => [filter.name, undefined])))}
        >
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}
