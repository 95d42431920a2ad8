// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { Button as AriaButton, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { asProblem } from "@/api/problem";
import { t } from "@/app/i18n";
import { prefer, usePreferences, type Preferences } from "@/app/preferences";
import { useLogOut, useMe } from "@/app/session";
import { Button, buttonClass } from "@/components/controls/button";
import { SelectField } from "@/components/controls/field";
import { toast } from "@/components/feedback/toast";
import { Icon } from "@/components/show/icon";
import styles from "./shell.module.css";

type Choice<T extends string> = readonly (readonly [value: T, label: string])[];

function Choices<T extends string>({
  legend,
  options,
  value,
  set,
}: {
  legend: string;
  options: Choice<T>;
  value: T;
  set: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div className={styles.choices}>
        {options.map(([one, label]) => (
          <label key={one}>
            <input type="radio" name={name} value={one} checked={one === value} onChange={() => set(one)} />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const zones = (): Choice<string> => [
  ["local", t("time.zone.local")],
  ["UTC", t("time.zone.utc")],
  ...Intl.supportedValuesOf("timeZone").map((zone) => [zone, zone] as const),
];

export function UserMenu() {
  const me = useMe();
  const logOut = useLogOut();
  const { theme, density, zone } = usePreferences();
  return (
    <DialogTrigger>
      <AriaButton className={buttonClass({ kind: "plain" }, true)} aria-label={t("shell.user")}>
        <Icon name="user" />
      </AriaButton>
      <Popover placement="bottom end">
        <Dialog className={styles.menu ?? ""} aria-label={t("shell.user")}>
          {({ close }) => (
            <>
              {me && <strong>{t("shell.signed.in", { name: me.name, role: me.role })}</strong>}
              <Choices<Preferences["theme"]>
                legend={t("shell.theme")}
                value={theme}
                set={(value) => prefer({ theme: value })}
                options={[
                  ["system", t("shell.theme.system")],
                  ["light", t("shell.theme.light")],
                  ["dark", t("shell.theme.dark")],
                ]}
              />
              <Choices<Preferences["density"]>
                legend={t("shell.density")}
                value={density}
                set={(value) => prefer({ density: value })}
                options={[
                  ["comfortable", t("shell.density.comfortable")],
                  ["compact", t("shell.density.compact")],
                ]}
              />
              <SelectField
                label={t("time.zone")}
                value={zone}
                options={zones()}
                onChange={(event) => prefer({ zone: event.target.value })}
              />
              <Link to={"/account" as never} search={{} as never} className={buttonClass({})} onClick={close}>
                {t("shell.account")}
              </Link>
              <Button onClick={() => void logOut().catch((error: unknown) => toast(asProblem(error).message, "bad"))}>
                {t("shell.logout")}
              </Button>
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
