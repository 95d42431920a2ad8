// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import type { Data } from "@/api/queries";
import { t, tv } from "@/app/i18n";
import { Moment } from "@/components/show/moment";
import { Severity, severityLevel } from "@/components/show/severity";
import styles from "./incidents.module.css";

type Whole = Data<"/api/v1/incidents/{number}">;

/** What happened, oldest first, each step with the event that shows it. */
export function Timeline({ whole: { timeline, summary } }: { whole: Whole }) {
  return (
    <>
      <ol className={styles.steps}>
        {timeline.map((step) => (
          <li key={step.seq} className={styles.step} data-level={severityLevel(step.severity)}>
            <div className={styles.stepHead}>
              <Moment value={step.ts} show="absolute" />
              <Severity value={step.severity} />
              <span>{tv("notices", step.kind)}</span>
              {step.decky && <span>{step.decky}</span>}
              {step.technique && (
                <Link to="/techniques" search={{ technique: step.technique }}>
                  {step.technique}
                </Link>
              )}
            </div>
            <p className={styles.stepLine}>{step.line}</p>
            {step.event && (
              <Link to="/events" search={{ event: step.event, q: `src:${summary.attacker}`, since: "all" }}>
                {t("incidents.evidence")}
              </Link>
            )}
          </li>
        ))}
      </ol>
      {timeline.length < summary.notices && (
        <p className="muted">{t("incidents.timeline.some", { shown: timeline.length, all: summary.notices })}</p>
      )}
    </>
  );
}
