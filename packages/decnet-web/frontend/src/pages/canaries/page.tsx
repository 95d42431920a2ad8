// SPDX-License-Identifier: MIT
/** Canaries: what is planted, the kinds that can be made, and who used them. */
import { Link } from "@tanstack/react-router";
import { t } from "@/app/i18n";
import { useQueryValue } from "@/app/search";
import { useAllowed } from "@/app/session";
import { buttonClass } from "@/components/controls/button";
import { Tabs } from "@/components/controls/tabs";
import { Page } from "@/components/show/layout";
import { Gallery } from "./Gallery";
import { Hits } from "./Hits";
import { MakeDialog } from "./MakeDialog";
import { Planted } from "./Planted";
import { Upkeep } from "./Upkeep";

export default function CanariesPage() {
  const allowed = useAllowed("analyst");
  const [make, setMake] = useQueryValue("make");
  return (
    <Page
      title={t("canaries.title")}
      about={t("canaries.lead")}
      actions={
        allowed && (
          <Link to="/canaries" search={{ tab: "kinds" } as never} className={buttonClass({ kind: "primary" })}>
            {t("canaries.make")}
          </Link>
        )
      }
    >
      <Tabs
        label={t("canaries.title")}
        tabs={[
          { id: "planted", title: t("canaries.tab.list"), content: () => <Planted /> },
          { id: "kinds", title: t("canaries.tab.kinds"), content: () => <Gallery onMake={setMake} /> },
          { id: "hits", title: t("canaries.tab.hits"), content: () => <Hits /> },
          { id: "upkeep", title: t("canaries.tab.upkeep"), content: () => <Upkeep /> },
        ]}
      />
      {make && allowed && <MakeDialog kind={make} close={() => setMake(undefined)} />}
    </Page>
  );
}
