// SPDX-License-Identifier: MIT
import { useEffect, useState } from "react";
import { t } from "@/app/i18n";
import { Button } from "./button";

const SHOWN_MS = 1500;

/** Copies `text`; `what` says for screen readers what it is, e.g. "address". */
export function CopyButton({ text, what, words }: { text: string; what: string; words?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  const label = copied ? t("common.copied") : t("common.copy.what", { what });
  return (
    <Button
      kind={words ? "normal" : "plain"}
      small={!words}
      icon={copied ? "check" : "copy"}
      onClick={(event) => {
        event.stopPropagation();
        copy();
      }}
      {...(words ? {} : { "aria-label": label })}
      title={label}
      className="no-print"
    >
      {words && (copied ? t("common.copied") : words)}
    </Button>
  );
}
