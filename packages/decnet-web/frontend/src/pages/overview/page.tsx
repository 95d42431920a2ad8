// SPDX-License-Identifier: MIT
import { t } from "@/app/i18n";
import { Page } from "@/components/show/layout";

export default function Overview() {
  return <Page title={t("nav.overview")}>{null}</Page>;
}
