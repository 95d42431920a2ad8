// SPDX-License-Identifier: MIT
/** The database: what is kept and for how long, checks, backups, and what could not be stored. */
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Tabs } from "@/components/controls/tabs";
import { Page } from "@/components/show/layout";
import { Backups } from "./Backups";
import { Quarantine } from "./Quarantine";
import { Replay } from "./Replay";
import { Volume } from "./Volume";

export default function DatabasePage() {
  const analyst = useAllowed("analyst");
  const admin = useAllowed("admin");
  const backups = { id: "backups", title: t("database.backup"), content: () => <Backups /> };
  const quarantine = { id: "quarantine", title: t("quarantine.title"), content: () => <Quarantine /> };
  const replay = { id: "replay", title: t("replay.title"), content: () => <Replay /> };
  return (
    <Page title={t("database.title")} about={t("database.lead")}>
      <Tabs
        label={t("database.title")}
        tabs={[
          { id: "volume", title: t("database.retention"), content: () => <Volume /> },
          ...(admin ? [backups] : []),
          ...(analyst ? [quarantine] : []),
          ...(admin ? [replay] : []),
        ]}
      />
    </Page>
  );
}
