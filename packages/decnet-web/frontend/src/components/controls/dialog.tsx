// SPDX-License-Identifier: MIT
import { useState, type ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { asProblem, type Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { ErrorState } from "@/components/feedback/error-state";
import { Button } from "./button";
import styles from "./dialog.module.css";

interface Props {
  title: ReactNode;
  open: boolean;
  onClose: () => void;
  /** "drawer" lies at the right edge over the whole height. */
  shape?: "normal" | "wide" | "drawer";
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}

/** A modal dialog: focus stays inside, Escape and a click outside close it. */
export function Dialog({ title, open, onClose, shape = "normal", role = "dialog", children }: Props) {
  const drawer = shape === "drawer";
  return (
    <ModalOverlay
      isOpen={open}
      isDismissable
      onOpenChange={(is) => !is && onClose()}
      className={`${styles.scrim} ${drawer ? styles.side : ""}`}
    >
      <Modal className={drawer ? styles.drawer : `${styles.modal} ${shape === "wide" ? styles.wide : ""}`}>
        <AriaDialog role={role} className={styles.dialog ?? ""}>
          <div className={styles.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button kind="plain" icon="close" onClick={onClose} aria-label={t("common.close")} />
          </div>
          <div className={styles.body}>{children}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  title: string;
  open: boolean;
  onClose: () => void;
  /** What the button does, in words: "Revoke token", not "OK". */
  action: string;
  danger?: boolean;
  onConfirm: () => Promise<unknown> | void;
  children?: ReactNode;
}

/** Asks before something that cannot be taken back; stays open with the problem when it is refused. */
export function ConfirmDialog({ title, open, onClose, action, danger = false, onConfirm, children }: ConfirmProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} open={open} onClose={onClose} role="alertdialog">
      {children}
      {problem && <ErrorState problem={problem} />}
      <Foot>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind={danger ? "danger" : "primary"} disabled={busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </Foot>
    </Dialog>
  );
}

/** The buttons of a dialog. */
export function Foot({ children }: { children: ReactNode }) {
  return <div className={styles.foot}>{children}</div>;
}
