// SPDX-License-Identifier: MIT
import type { ReactNode } from "react";
import { Icon, type IconName } from "@/components/show/icon";
import styles from "./feedback.module.css";

/** Nothing is here: say why, and what to do (a command, a link, another time range). */
export function EmptyState({
  icon = "info",
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <span className={styles.emptyIcon}>
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      {children}
    </div>
  );
}
