// SPDX-License-Identifier: MIT
import { useGet } from "@/api/queries";
import { t, tn } from "@/app/i18n";
import { Tabs } from "@/components/controls/tabs";
import { Page } from "@/components/show/layout";
import { Inbox } from "./inbox";
import { KnownSources } from "./known";
import { Silences } from "./silences";

export default function Incidents() {
  const open = useGet("/api/v1/incidents/open", {}, { every: 30_000 });
  const { critical = 0, high = 0, medium = 0, low = 0 } = open.data ?? {};
  return (
    <Page
      title={t("nav.incidents")}
      about={
        open.data &&
        `${tn("incidents.open", critical + high + medium + low)} ${t("incidents.open.of", { critical, high })}`
      }
    >
      <Tabs
        label={t("nav.incidents")}
        tabs={[
          { id: "inbox", title: t("incidents.inbox"), content: () => <Inbox /> },
          { id: "silences", title: t("incidents.silences"), content: () => <Silences /> },
          { id: "known", title: t("incidents.known"), content: () => <KnownSources /> },
        ]}
      />
    </Page>
  );
}
