// SPDX-License-Identifier: MIT
/** Why a plan cannot be, one problem each. */
import type { Problem } from "@/api/problem";
import { tn } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import styles from "./deploy.module.css";

export function Problems({ problem }: { problem: Problem }) {
  const lines = problemLines(problem);
  if (problem.status !== 409 || lines.length < 2) return <ErrorState problem={problem} />;
  return (
    <div className={styles.problems} role="alert">
      <p>{tn("deckies.plan.problems", lines.length)}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}

function problemLines({ extra, detail }: Problem): string[] {
  if (Array.isArray(extra.problems)) return extra.problems.map(String);
  return detail.split("\n").filter((line) => line && line !== "nothing was changed:");
}
