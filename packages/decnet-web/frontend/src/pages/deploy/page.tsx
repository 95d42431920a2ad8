// SPDX-License-Identifier: MIT
/** Changes the fleet: what is wished (a document, a new decky, a changed one), its plan, and carrying it out. */
import { useState } from "react";
import { useSend, type Data } from "@/api/queries";
import { asProblem, type Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { useQueryState } from "@/app/search";
import { Card, Page } from "@/components/show/layout";
import { ChangeForm } from "./ChangeForm";
import { AddForm } from "./AddForm";
import { DocumentForm } from "./DocumentForm";
import { PlanStep } from "./PlanStep";
import { Problems } from "./Problems";
import { Progress } from "./Progress";
import type { Plan, Wish } from "./wish";

type Stage = "wish" | "plan" | "progress";
export type FleetDocument = Data<"/api/v1/fleet/document">;

export default function DeployPage() {
  const [search] = useQueryState();
  const [stage, setStage] = useState<Stage>("wish");
  const [wish, setWish] = useState<Wish | null>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [stale, setStale] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const planning = useSend("post", "/api/v1/fleet/plan");
  const deploying = useSend("post", "/api/v1/fleet/deploy", ["/api/v1/deckies", "/api/v1/fleet", "/api/v1/mutations"]);

  const makePlan = async (wished: Wish, again = false) => {
    setProblem(null);
    setWish(wished);
    try {
      setPlan(await planning.mutateAsync({ body: wished as never }));
      setStale(again);
      setStage("plan");
    } catch (error) {
      setProblem(asProblem(error));
      setStage("wish");
    }
  };
  const carryOut = async () => {
    if (!wish || !plan) return;
    setProblem(null);
    try {
      const reason = search.change ? "change" : search.add ? "add" : "deploy";
      setPlan(await deploying.mutateAsync({ body: { ...wish, digest: plan.digest, reason } as never }));
      setStage("progress");
    } catch (error) {
      const refused = asProblem(error);
      if (refused.status === 409 && refused.extra.digest !== undefined) await makePlan(wish, true);
      else setProblem(refused);
    }
  };
  const Form = search.change ? ChangeForm : search.add ? AddForm : DocumentForm;
  return (
    <Page title={title(search)}>
      {problem && <Problems problem={problem} />}
      {/* It stays while the plan is shown, so that "back" finds what was typed. */}
      <div hidden={stage !== "wish"}>
        <Form key={search.change ?? ""} busy={planning.isPending} onPlan={(wished) => void makePlan(wished)} />
      </div>
      {stage === "plan" && plan && (
        <Card title={t("deckies.plan.title")}>
          <PlanStep
            plan={plan}
            stale={stale}
            busy={deploying.isPending}
            onBack={() => setStage("wish")}
            onCarryOut={() => void carryOut()}
          />
        </Card>
      )}
      {stage === "progress" && plan && <Progress plan={plan} />}
    </Page>
  );
}

function title(search: { readonly [name: string]: string | undefined }): string {
  if (search.change) return t("deckies.form.change.title", { name: search.change });
  return t(search.add ? "deckies.form.add.title" : "deckies.document.title");
}
