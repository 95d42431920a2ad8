// SPDX-License-Identifier: MIT
/** One file by its digest. Its content is never shown; it can be downloaded as an encrypted zip, after a warning. */

import { useParams } from "@tanstack/react-router";
import { useState, type ReactElement } from "react";
import { download, useGet, type Data } from "@/api/queries";
import { formatBytes, t } from "@/app/i18n";
import { Button, buttonClass } from "@/components/controls/button";
import { CopyButton } from "@/components/controls/copy";
import { ConfirmDialog } from "@/components/controls/dialog";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Go } from "@/components/pivot/go";
import { Card, Facts, Page } from "@/components/show/layout";
import { Moment } from "@/components/show/moment";
import { IntelPanel } from "../intel/panel";
import { SightingList } from "./sightings";

type Whole = Data<"/api/v1/files/{sha256}">;

export default function OneFile(): ReactElement {
  const { sha256 } = useParams({ strict: false }) as { sha256: string };
  const query = useGet("/api/v1/files/{sha256}", { params: { path: { sha256 } } });
  return (
    <Page
      title={t("file.title", { digest: sha256.slice(0, 16) })}
      actions={
        <>
          <Go to="/attackers" search={{ file: sha256 }} className={buttonClass({})}>
            {t("file.attackers")}
          </Go>
          {query.data && <SafeDownload whole={query.data} />}
        </>
      }
    >
      {query.error && <ErrorState problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={6} />}
      {query.data && <Content whole={query.data} />}
    </Page>
  );
}

function Content({ whole: { file, sightings } }: { whole: Whole }): ReactElement {
  return (
    <>
      <Card title={t("file.facts")}>
        <Facts
          items={[
            [
              t("files.column.sha256"),
              <span key="d">
                <code>{file.sha256}</code> <CopyButton text={file.sha256} what={t("pivot.digest")} />
              </span>,
            ],
            [t("files.column.size"), file.size === null ? null : formatBytes(file.size)],
            [t("file.first"), <Moment key="f" value={file.first_seen} />],
            [t("files.column.seen"), <Moment key="l" value={file.last_seen} />],
            [t("files.column.kept"), file.kept ? t("files.kept") : t("file.download.none")],
          ]}
        />
      </Card>
      <Card title={t("file.intel")}>
        <IntelPanel indicator={file.sha256} />
      </Card>
      <Card title={t("file.sightings")}>
        <SightingList sightings={sightings} />
      </Card>
    </>
  );
}

function SafeDownload({ whole: { file } }: { whole: Whole }): ReactElement {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        icon="download"
        disabled={!file.kept}
        {...(file.kept ? {} : { title: t("file.download.none") })}
        onClick={() => setAsking(true)}
      >
        {t("file.download")}
      </Button>
      <ConfirmDialog
        title={t("file.download.title")}
        open={asking}
        onClose={() => setAsking(false)}
        action={t("file.download.zip")}
        danger
        onConfirm={() =>
          download(`/api/v1/files/${file.sha256}/content?form=zip`, "application/zip", `${file.sha256}.zip`)
        }
      >
        <p>{t("file.download.about")}</p>
      </ConfirmDialog>
    </>
  );
}
