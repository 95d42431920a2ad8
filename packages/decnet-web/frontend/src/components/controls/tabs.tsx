// SPDX-License-Identifier: MIT
import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";
import { useQueryValue } from "@/app/search";
import styles from "./tabs.module.css";

interface Props {
  label: string;
  tabs: readonly { id: string; title: ReactNode; content: () => ReactNode }[];
  /** The parameter of the address that holds the chosen tab. */
  name?: string;
}

/** Tabs whose choice is in the address; only the chosen one is made. */
export function Tabs({ label, tabs, name = "tab" }: Props) {
  const [chosen, choose] = useQueryValue(name, tabs[0]?.id ?? "");
  const known = tabs.some((tab) => tab.id === chosen) ? chosen : (tabs[0]?.id ?? "");
  return (
    <AriaTabs selectedKey={known} onSelectionChange={(key) => choose(String(key))}>
      <TabList aria-label={label} className={styles.list ?? ""}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={styles.tab ?? ""}>
            {tab.title}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className={styles.panel ?? ""}>
          {tab.id === known && tab.content()}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
