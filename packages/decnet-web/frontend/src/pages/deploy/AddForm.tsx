// SPDX-License-Identifier: MIT
import { DeckyForm } from "./DeckyForm";
import type { FormProps } from "./wish";

export function AddForm({ busy, onPlan }: FormProps) {
  return <DeckyForm initial={{}} busy={busy} onSubmit={(fields) => onPlan({ add: [{ ...fields, subnets: [] }] })} />;
}
