// SPDX-License-Identifier: MIT
/** Orders to a worker, each after a question that says what happens. */
import { useState } from "react";
import { useSend } from "@/api/queries";
import { t } from "@/app/i18n";
import { useAllowed } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ConfirmDialog } from "@/components/controls/dialog";
import { toast } from "@/components/feedback/toast";

type Op = "restart" | "pause" | "resume" | "reload";

const TOUCHED = ["/api/v1/workers"];

export function Actions({ name, state, small = false }: { name: string; state: string; small?: boolean }) {
  const allowed = useAllowed("admin");
  const [asked, ask] = useState<Op | null>(null);
  const params = { params: { path: { name } } };
  const send = {
    restart: useSend("post", "/api/v1/workers/{name}/restart", TOUCHED),
    pause: useSend("post", "/api/v1/workers/{name}/pause", TOUCHED),
    resume: useSend("post", "/api/v1/workers/{name}/resume", TOUCHED),
    reload: useSend("post", "/api/v1/workers/{name}/reload", TOUCHED),
  };
  if (!allowed || state === "off") return null;
  const rest: Op = state === "paused" ? "resume" : "pause";
  const offered: Op[] = small ? ["restart", rest] : ["restart", "reload", rest];
  const act = async (op: Op) => {
    await send[op].mutateAsync(params);
    toast(t(`workers.done.${op}`, { name }));
  };
  return (
    <>
      {offered.map((op) => (
        <Button
          key={op}
          small={small}
          kind={small ? "plain" : "normal"}
          icon={ICONS[op]}
          onClick={() => ask(op)}
          title={t(`workers.${op}`)}
          aria-label={`${t(`workers.${op}`)}: ${name}`}
        >
          {small ? undefined : t(`workers.${op}`)}
        </Button>
      ))}
      {asked && (
        <ConfirmDialog
          open
          title={t(`workers.${asked}.title`, { name })}
          action={t(`workers.${asked}`)}
          danger={asked === "restart" || asked === "pause"}
          onClose={() => ask(null)}
          onConfirm={() => act(asked)}
        >
          <p>{t(`workers.${asked}.detail`)}</p>
        </ConfirmDialog>
      )}
    </>
  );
}

const ICONS = { restart: "refresh", pause: "pause", resume: "play", reload: "files" } as const;
