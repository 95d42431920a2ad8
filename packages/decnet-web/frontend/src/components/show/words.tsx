// SPDX-License-Identifier: MIT
import { Fragment } from "react";

/** A sentence of the catalogue in which `backquotes` mark commands. */
export function Words({ text }: { text: string }) {
  return text
    .split("`")
    .map((part, index) =>
      index % 2 === 1 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>,
    );
}
