// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Page } from "@/components/show/layout";

export function NotFound() {
  return (
    <Page title={t("shell.notfound.title")}>
      <p>
        <Link to="/" search={{}}>
          {t("shell.notfound.action")}
        </Link>
      </p>
    </Page>
  );
}

/** A page threw: a problem is shown in its words, anything else is a defect. */
export function PageFailed({ error, reset }: { error: unknown; reset: () => void }) {
  const words = error instanceof Error ? error.message : String(error);
  const problem =
    error instanceof Problem ? error : new Problem(500, t("error.page.title"), `${t("error.page.detail")} ${words}`);
  return <ErrorState problem={problem} onRetry={reset} />;
}
