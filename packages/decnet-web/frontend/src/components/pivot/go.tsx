// SPDX-License-Identifier: MIT
/** A link to a page of the dashboard; `search` replaces the parameters of the address. */

import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";

interface Props {
  to: string;
  params?: Readonly<Record<string, string>>;
  search?: Readonly<Record<string, string>>;
  className?: string | undefined;
  title?: string;
  children: ReactNode;
}

export function Go({ to, params = {}, search = {}, className, title, children }: Props): ReactElement {
  return (
    <Link
      to={to as never}
      params={params as never}
      search={search as never}
      {...(className ? { className } : {})}
      {...(title ? { title } : {})}
    >
      {children}
    </Link>
  );
}
