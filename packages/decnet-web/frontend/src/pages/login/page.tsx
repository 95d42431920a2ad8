// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";

export default function Login() {
  return <main>{t("login.title")}</main>;
}
