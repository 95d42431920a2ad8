// SPDX-License-Identifier: MIT
/** Honeypot images that deckies can run in containers. */
import { useGet, type Item } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { Dialog } from "@/components/controls/dialog";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Facts } from "@/components/show/layout";
import type { Decky } from "../decky";
import styles from "./catalogue.module.css";

type Image = Item<"/api/v1/images">;

export function Images({ deckies }: { deckies: readonly Decky[] }) {
  const { data, error, refetch } = useGet("/api/v1/images", {});
  const [chosen, choose] = useQueryValue("image");
  const items = data?.items ?? [];
  const shown = items.find((one) => one.name === chosen);
  const users = (name: string) => deckies.filter((one) => one.image === name).length;
  return (
    <>
      <p className="muted">{t("deckies.image.lead")}</p>
      {error && <ErrorState problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data && items.length === 0 && <EmptyState icon="deckies" title={t("deckies.image.none")} />}
      <ul className={styles.cards}>
        {items.map((one) => (
          <li key={one.name}>
            <button type="button" className={styles.card} onClick={() => choose(one.name)}>
              <span className={styles.head}>
                <strong>{one.name}</strong>
              </span>
              <span>{one.summary}</span>
              <span className={styles.foot}>
                <span className="mono">{ports(one).join(" ")}</span>
                <span>{tn("deckies.persona.used", users(one.name))}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shown && (
        <Dialog open shape="drawer" title={shown.name} onClose={() => choose(undefined)}>
          <Facts items={facts(shown)} />
        </Dialog>
      )}
    </>
  );
}

function ports(one: Image): string[] {
  return Object.entries(one.services).map(
    ([name, { port, transport }]) => `${name} ${port}${transport === "udp" ? "/udp" : ""}`,
  );
}

function facts(one: Image): [string, React.ReactNode][] {
  return [
    [t("deckies.image.reference"), <code key="reference">{one.reference}</code>],
    [t("deckies.col.persona"), one.persona],
    [t("deckies.col.services"), ports(one).join(", ")],
    [t("deckies.image.log"), one.format],
    [t("deckies.image.memory"), `${one.memory_mb} MiB`],
    [t("deckies.image.cpus"), String(one.cpus)],
    [t("deckies.image.processes"), String(one.processes)],
    [t("deckies.image.capabilities"), one.capabilities.join(", ") || null],
    [t("deckies.image.readonly"), t(one.read_only ? "common.yes" : "common.no")],
    [t("deckies.image.writable"), one.writable.join(", ") || null],
    [t("deckies.image.user"), one.user || null],
  ];
}
