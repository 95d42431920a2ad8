// SPDX-License-Identifier: MIT
/** Receivers of notices: add with a test, change, deliveries, dead letters. */
import { t } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { Dialog } from "@/components/controls/dialog";
import { Tabs } from "@/components/controls/tabs";
import { Page } from "@/components/show/layout";
import { AddForm } from "./AddForm";
import { Deliveries } from "./Deliveries";
import { Receivers } from "./Receivers";

export default function WebhooksPage() {
  const admin = useAllowed("admin");
  const analyst = useAllowed("analyst");
  const [adding, setAdding] = useQueryValue("add");
  const deliveries = [
    { id: "deliveries", title: t("webhooks.tab.deliveries"), content: () => <Deliveries /> },
    { id: "dead", title: t("webhooks.tab.dead"), content: () => <Deliveries state="dead" /> },
  ];
  return (
    <Page
      title={t("webhooks.title")}
      about={t("webhooks.lead")}
      actions={
        admin && (
          <Button kind="primary" icon="plus" onClick={() => setAdding("1")}>
            {t("webhooks.add")}
          </Button>
        )
      }
    >
      <Tabs
        label={t("webhooks.title")}
        tabs={[
          { id: "receivers", title: t("webhooks.tab.list"), content: () => <Receivers onAdd={() => setAdding("1")} /> },
          ...(analyst ? deliveries : []),
        ]}
      />
      {adding && admin && (
        <Dialog open shape="wide" title={t("webhooks.add")} onClose={() => setAdding(undefined)}>
          <AddForm close={() => setAdding(undefined)} />
        </Dialog>
      )}
    </Page>
  );
}
