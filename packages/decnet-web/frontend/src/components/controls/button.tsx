// SPDX-License-Identifier: MIT
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "@/components/show/icon";
import styles from "./button.module.css";

export interface Look {
  kind?: "normal" | "primary" | "danger" | "plain";
  small?: boolean;
  icon?: IconName;
}

/** The classes of a button, for links that look like one. */
export function buttonClass({ kind = "normal", small = false }: Look, onlyIcon = false): string {
  return [styles.button, kind === "normal" ? "" : styles[kind], small ? styles.small : "", onlyIcon ? styles.icon : ""]
    .filter(Boolean)
    .join(" ");
}

type Props = Look & ButtonHTMLAttributes<HTMLButtonElement> & { children?: ReactNode; ref?: Ref<HTMLButtonElement> };

export function Button({ kind, small, icon, children, type = "button", className = "", ref, ...rest }: Props) {
  const look = buttonClass({ ...(kind ? { kind } : {}), ...(small ? { small } : {}) }, children === undefined);
  return (
    <button ref={ref} type={type} className={`${look} ${className}`} {...rest}>
      {icon && <Icon name={icon} size={small ? 14 : 16} />}
      {children}
    </button>
  );
}
