// SPDX-License-Identifier: MIT
import { UNREACHABLE, type Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Icon } from "@/components/show/icon";
import { Words } from "@/components/show/words";
import styles from "./feedback.module.css";

function words(problem: Problem): { title: string; detail: string } {
  if (problem.status === UNREACHABLE || problem.status === 502)
    return { title: t("error.unreachable.title"), detail: t("error.unreachable.detail") };
  if (problem.status === 403) return { title: problem.title, detail: problem.detail || t("error.403.detail") };
  if (problem.status === 404) return { title: t("error.404.title"), detail: problem.detail || t("error.404.detail") };
  return { title: problem.title, detail: problem.detail };
}

/** What went wrong, in the server's words, and a button to try again when that may help. */
export function ErrorState({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const { title, detail } = words(problem);
  return (
    <div className={styles.error} role="alert">
      <Icon name="warning" />
      <div>
        <h3>{title}</h3>
        {detail && (
          <p>
            <Words text={detail} />
          </p>
        )}
      </div>
      {onRetry && (
        <Button small icon="refresh" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      )}
    </div>
  );
}
