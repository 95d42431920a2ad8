// SPDX-License-Identifier: MIT
import { Link } from "@tanstack/react-router";
import { CopyButton } from "@/components/controls/copy";
import styles from "./show.module.css";

interface Props {
  value: string;
  /** Link to the attacker's page (default), or only the text. */
  link?: boolean;
  copy?: boolean;
}

/** An IP address of an attacker. */
export function Address({ value, link = true, copy = false }: Props) {
  return (
    <span className={styles.address}>
      {link ? (
        <Link to="/attackers/$ip" params={{ ip: value }} search={{}}>
          {value}
        </Link>
      ) : (
        <span>{value}</span>
      )}
      {copy && <CopyButton text={value} what={value} />}
    </span>
  );
}
