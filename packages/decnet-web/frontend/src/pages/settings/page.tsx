// SPDX-License-Identifier: MIT
/** The fleet's settings: every one with its value and where it comes from; the file, changed with a plan. */
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Tabs } from "@/components/controls/tabs";
import { EmptyState } from "@/components/feedback/empty-state";
import { Page } from "@/components/show/layout";
import { FileEditor } from "./FileEditor";
import { Policy } from "./Policy";
import { Values } from "./Values";

export default function SettingsPage() {
  const admin = useAllowed("admin");
  return (
    <Page title={t("fleetsettings.title")} about={t("fleetsettings.lead")}>
      {admin ? (
        <Tabs
          label={t("fleetsettings.title")}
          tabs={[
            { id: "values", title: t("fleetsettings.values"), content: () => <Values /> },
            { id: "file", title: t("fleetsettings.file"), content: () => <FileEditor /> },
            { id: "policy", title: t("policy.title"), content: () => <Policy /> },
          ]}
        />
      ) : (
        <EmptyState icon="lock" title={t("error.403.detail")} />
      )}
    </Page>
  );
}
