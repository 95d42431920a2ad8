// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { t } from "@/app/i18n";
import { Pivot } from "@/components/pivot/pivot";
import { Badge } from "@/components/show/badge";

interface Credential {
  digest: string;
  password: string | null;
  public_key: string | null;
}

/** A password or a key; it leads to all attackers that tried the credential. */
export function Secret({ of: { digest, password, public_key } }: { of: Credential }): ReactElement {
  const value = password ?? public_key ?? "";
  return (
    <>
      {password === null && public_key !== null && <Badge bare>{t("credentials.key")}</Badge>}
      <Pivot
        value={value}
        shown={value === "" ? "∅" : value}
        search={{ credential: digest }}
        what={t("pivot.password")}
      />
    </>
  );
}
