// SPDX-License-Identifier: MIT
import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import styles from "./field.module.css";

interface Around {
  label: string;
  hint?: string;
  error?: string | undefined;
  /** Keep the label for screen readers only. */
  quiet?: boolean;
}

function Field({ id, label, hint, error, quiet, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={quiet ? "hidden-visually" : styles.label}>
        {label}
      </label>
      {children}
      {hint && !error && (
        <p id={`${id}-about`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-about`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function aria(id: string, { hint, error }: Around) {
  return {
    ...(hint || error ? { "aria-describedby": `${id}-about` } : {}),
    ...(error ? { "aria-invalid": true } : {}),
  };
}

type Input = Around & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> };

export function TextField({ label, hint, error, quiet, ...rest }: Input) {
  const id = useId();
  const around = { label, error, ...(hint ? { hint } : {}), ...(quiet ? { quiet } : {}) };
  return (
    <Field id={id} {...around}>
      <input id={id} className={styles.input} autoComplete="off" spellCheck={false} {...aria(id, around)} {...rest} />
    </Field>
  );
}

export function TextArea({ label, hint, error, quiet, ...rest }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const around = { label, error, ...(hint ? { hint } : {}), ...(quiet ? { quiet } : {}) };
  return (
    <Field id={id} {...around}>
      <textarea id={id} className={styles.input} rows={4} spellCheck={false} {...aria(id, around)} {...rest} />
    </Field>
  );
}

type Choices = Around &
  SelectHTMLAttributes<HTMLSelectElement> & { options: readonly (readonly [value: string, label: string])[] };

export function SelectField({ label, hint, error, quiet, options, ...rest }: Choices) {
  const id = useId();
  const around = { label, error, ...(hint ? { hint } : {}), ...(quiet ? { quiet } : {}) };
  return (
    <Field id={id} {...around}>
      <select id={id} className={styles.input} {...aria(id, around)} {...rest}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function CheckField({ label, ...rest }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  );
}
