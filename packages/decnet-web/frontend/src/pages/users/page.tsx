// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Tabs } from "@/components/controls/tabs";
import { Page } from "@/components/show/layout";
import { Tokens } from "./tokens";
import { Users } from "./users";

/** Users are for administrators; everybody has tokens of their own. */
export default function UsersPage() {
  const admin = useAllowed("admin");
  const tokens = { id: "tokens", title: t("users.tokens"), content: () => <Tokens everybody={admin} /> };
  return (
    <Page title={t("nav.users")}>
      {admin ? (
        <Tabs
          label={t("nav.users")}
          tabs={[{ id: "users", title: t("users.users"), content: () => <Users /> }, tokens]}
        />
      ) : (
        <Tokens everybody={false} />
      )}
    </Page>
  );
}
