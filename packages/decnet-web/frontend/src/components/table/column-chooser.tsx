// SPDX-License-Identifier: MIT
import { Dialog, DialogTrigger, Popover } from "react-aria-components";
import { Button as AriaButton } from "react-aria-components";
import { t } from "@/app/i18n";
import { buttonClass } from "@/components/controls/button";
import { Icon } from "@/components/show/icon";
import styles from "./table.module.css";

interface Props {
  columns: readonly { id: string; header: string }[];
  hidden: readonly string[];
  onChange: (hidden: readonly string[]) => void;
}

export function ColumnChooser({ columns, hidden, onChange }: Props) {
  const toggle = (id: string) => onChange(hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id]);
  const shown = columns.length - columns.filter(({ id }) => hidden.includes(id)).length;
  return (
    <DialogTrigger>
      <AriaButton className={buttonClass({ kind: "plain", small: true })}>
        <Icon name="columns" size={14} />
        {t("table.columns")}
      </AriaButton>
      <Popover placement="bottom end">
        <Dialog aria-label={t("table.columns")} className={styles.menu ?? ""}>
          {columns.map(({ id, header }) => (
            <label key={id}>
              <input
                type="checkbox"
                checked={!hidden.includes(id)}
                disabled={shown === 1 && !hidden.includes(id)}
                onChange={() => toggle(id)}
              />
              {header}
            </label>
          ))}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
