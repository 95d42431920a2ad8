// SPDX-License-Identifier: MIT
import { asProblem } from "@/api/problem";
import { download } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { toast } from "@/components/feedback/toast";

/** Saves a canary's file; to open it here would trip it. */
export function DownloadButton({ token, name, primary = false }: { token: string; name: string; primary?: boolean }) {
  const save = () =>
    download(`/api/v1/canaries/${encodeURIComponent(token)}/download`, "application/octet-stream", name).catch(
      (error: unknown) => toast(asProblem(error).message, "bad"),
    );
  return (
    <Button kind={primary ? "primary" : "normal"} icon="download" onClick={() => void save()}>
      {t("canaries.download")} {name}
    </Button>
  );
}
