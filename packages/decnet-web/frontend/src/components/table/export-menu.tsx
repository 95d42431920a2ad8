// SPDX-License-Identifier: MIT
import { asProblem } from "@/api/problem";
import { download } from "@/api/queries";
import { stringifySearch } from "@/app/search";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { toast } from "@/components/feedback/toast";

interface Props {
  name: string;
  path: string;
  query: Readonly<Record<string, unknown>>;
}

/** The whole listing with the filters of the page, as CSV or as JSON lines. */
export function ExportMenu({ name, path, query }: Props) {
  const save = (accept: string, ending: string) => {
    const file = `decnet-${name}-${new Date().toISOString().slice(0, 16).replace(":", "")}.${ending}`;
    download(path + stringifySearch(query), accept, file).catch((error: unknown) =>
      toast(asProblem(error).message, "bad"),
    );
  };
  return (
    <>
      <Button kind="plain" small icon="download" onClick={() => save("text/csv", "csv")}>
        {t("table.csv")}
      </Button>
      <Button kind="plain" small icon="download" onClick={() => save("application/x-ndjson", "ndjson")}>
        {t("table.json")}
      </Button>
    </>
  );
}
