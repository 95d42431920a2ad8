// SPDX-License-Identifier: MIT
/** A short table of what was most; a value that leads somewhere is a link. */

import type { ReactElement } from "react";
import { formatNumber, t } from "@/app/i18n";
import { Go } from "@/components/pivot/go";
import { Card } from "@/components/show/layout";
import styles from "./reports.module.css";

interface Target {
  to: string;
  params?: Readonly<Record<string, string>>;
  search?: Readonly<Record<string, string>>;
}

interface Props {
  title: string;
  heads: readonly string[];
  rows: readonly (readonly [value: string, ...counts: number[]])[];
  to?: (value: string) => Target;
}

export function TopTable({ title, heads, rows, to }: Props): ReactElement {
  return (
    <Card title={title}>
      {rows.length === 0 ? (
        <p className="muted">{t("reports.empty")}</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([value, ...counts], index) => (
              <tr key={index}>
                <th scope="row">
                  <code>{to ? <Go {...to(value)}>{value}</Go> : value}</code>
                </th>
                {counts.map((count, column) => (
                  <td key={column}>{formatNumber(count)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
