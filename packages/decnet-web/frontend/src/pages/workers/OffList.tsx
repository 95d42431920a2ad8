// SPDX-License-Identifier: MIT
/** Workers that are installed and off, each with the setting that switches it on. */
import { t } from "@/app/i18n";
import { Card, Facts } from "@/components/show/layout";
import type { Worker } from "./worker";

export function OffList({ workers }: { workers: readonly Worker[] }) {
  return (
    <Card title={t("workers.off.title")}>
      <p className="muted">{t("workers.off.lead")}</p>
      <Facts
        items={workers.map((one) => [
          one.name,
          <code key={one.name}>{t("workers.off.until", { setting: one.off_until ?? "" })}</code>,
        ])}
      />
    </Card>
  );
}
