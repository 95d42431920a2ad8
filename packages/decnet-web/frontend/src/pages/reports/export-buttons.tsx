// SPDX-License-Identifier: MIT
/** What rules recognised, as files for other systems. */

import { useState, type ReactElement } from "react";
import { Dialog, DialogTrigger, Popover, Button as AriaButton } from "react-aria-components";
import { asProblem } from "@/api/problem";
import { download } from "@/api/queries";
import { t } from "@/app/i18n";
import { stringifySearch } from "@/app/search";
import { Button, buttonClass } from "@/components/controls/button";
import { toast } from "@/components/feedback/toast";
import { Icon } from "@/components/show/icon";
import styles from "./reports.module.css";

const FORMS = [
  ["stix", "stix.json"],
  ["misp", "misp.json"],
  ["navigator", "navigator.json"],
  ["csv", "csv"],
] as const;

interface Props {
  /** One of attacker, identity and campaign, and a span of time. */
  query: Readonly<Record<string, string | undefined>>;
  name: string;
}

export function ExportButtons({ query, name }: Props): ReactElement {
  const [open, setOpen] = useState(false);
  const save = (form: string, ending: string): void => {
    setOpen(false);
    void saved(form, query, `decnet-${name.replace(/[^\w.-]/g, "_")}-${ending}`);
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <AriaButton className={buttonClass({})}>
        <Icon name="download" size={16} />
        {t("attacker.export")}
      </AriaButton>
      <Popover placement="bottom end">
        <Dialog aria-label={t("attacker.export")} className={styles.menu ?? ""}>
          {FORMS.map(([form, ending]) => (
            <Button key={form} kind="plain" onClick={() => save(form, ending)}>
              {t(`reports.${form}`)}
            </Button>
          ))}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export async function saved(form: string, query: Props["query"], name: string): Promise<void> {
  try {
    await download(`/api/v1/exports/${form}${stringifySearch(query)}`, "*/*", name);
  } catch (error) {
    const problem = asProblem(error);
    toast(problem.status === 404 ? t("reports.nothing") : problem.message, "bad");
  }
}
