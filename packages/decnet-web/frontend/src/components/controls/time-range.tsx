// SPDX-License-Identifier: MIT
import { t, type Key } from "@/app/i18n";
import { DEFAULT_SINCE, useQueryState } from "@/app/search";
import styles from "./filters.module.css";

const SPANS = ["1h", "24h", "7d", "30d", "90d", "all"] as const;

/** `2026-11-30T07:15` of a field in the browser's zone as RFC 3339, and back. */
const toMoment = (field: string) => (field === "" ? undefined : new Date(field).toISOString());
function toField(moment: string | undefined): string {
  const at = moment === undefined ? Number.NaN : Date.parse(moment);
  if (Number.isNaN(at)) return "";
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The range of time of the page: `since` and `until` in the address. */
export function TimeRange({ otherwise = DEFAULT_SINCE }: { otherwise?: string }) {
  const [search, change] = useQueryState();
  const since = search.since ?? otherwise;
  const custom = search.until !== undefined || !(SPANS as readonly string[]).includes(since);
  const choose = (value: string) => {
    if (value === "custom") change({ since: new Date(Date.now() - 86_400_000).toISOString() });
    else change({ since: value === otherwise ? undefined : value, until: undefined });
  };
  return (
    <div className={styles.custom}>
      <select
        className={styles.control}
        aria-label={t("time.range")}
        value={custom ? "custom" : since}
        onChange={(event) => choose(event.target.value)}
      >
        {SPANS.map((span) => (
          <option key={span} value={span}>
            {t(`time.${span}` as Key)}
          </option>
        ))}
        <option value="custom">{t("time.custom")}</option>
      </select>
      {custom && (
        <>
          <input
            type="datetime-local"
            className={styles.control}
            aria-label={t("time.from")}
            value={toField(search.since)}
            onChange={(event) => change({ since: toMoment(event.target.value) })}
          />
          <input
            type="datetime-local"
            className={styles.control}
            aria-label={t("time.to")}
            value={toField(search.until)}
            onChange={(event) => change({ until: toMoment(event.target.value) })}
          />
        </>
      )}
    </div>
  );
}
