// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { EmptyState } from "@/components/feedback/empty-state";
import { ErrorState } from "@/components/feedback/error-state";

export function NotFound() {
  return (
    <EmptyState icon="warning" title={t("shell.notfound.title")}>
      <Link to="/" search={{}}>
        {t("shell.notfound.action")}
      </Link>
    </EmptyState>
  );
}

/** A page threw: a problem is shown in its words, anything else is a defect. */
export function PageFailed({ error, reset }: { error: unknown; reset: () => void }) {
  const words = error instanceof Error ? error.message : String(error);
  const problem =
    error instanceof Problem ? error : new Problem(500, t("error.page.title"), `${t("error.page.detail")} ${words}`);
  return <ErrorState problem={problem} onRetry={reset} />;
}
