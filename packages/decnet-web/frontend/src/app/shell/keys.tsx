// SPDX-License-Identifier: MIT
import { Fragment } from "react";
import { t } from "@/app/i18n";
import { navigation } from "@/app/navigation";
import { Dialog } from "@/components/controls/dialog";
import styles from "./shell.module.css";

type Rows = readonly (readonly [keys: string, words: string])[];

function Section({ title, rows }: { title: string; rows: Rows }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {rows.map(([keys, words]) => (
          <Fragment key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

/** The help of the keyboard, opened by `?`. */
export function Keys({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title={t("keys.title")} open={open} onClose={onClose} shape="wide">
      <div className={styles.keys}>
        <Section
          title={t("keys.section.general")}
          rows={[
            ["Ctrl K", t("keys.palette")],
            ["?", t("keys.help")],
            ["/", t("keys.search")],
            ["T", t("keys.theme")],
            ["Esc", t("keys.escape")],
          ]}
        />
        <Section
          title={t("keys.section.lists")}
          rows={[
            ["j ↓", t("keys.next")],
            ["k ↑", t("keys.previous")],
            ["Enter", t("keys.open")],
            ["x Space", t("keys.select")],
          ]}
        />
        <Section
          title={t("keys.section.go")}
          rows={navigation.map((entry) => [`g ${entry.key}`, t("keys.go", { page: t(entry.label) })] as const)}
        />
      </div>
    </Dialog>
  );
}
