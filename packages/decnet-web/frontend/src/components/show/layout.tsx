// SPDX-License-Identifier: MIT
/** What pages are made of: Page, Card, StatCard, Facts, Grid, Code. */
import { Link } from "@tanstack/react-router";
import { useEffect, useId, type ReactNode } from "react";
import { CopyButton } from "@/components/controls/copy";
import styles from "./show.module.css";

/** A page: its title is the window's too; `actions` stand at the right. */
export function Page({
  title,
  about,
  actions,
  children,
}: {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · DECNET`;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.pageHead}>
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div className={`${styles.actions} no-print`}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.card} {...(title ? { "aria-labelledby": id } : {})}>
      {title && (
        <header className={styles.cardHead}>
          <h2 id={id}>{title}</h2>
          {actions && <div className="no-print">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

interface Stat {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: "normal" | "warn" | "bad";
  to?: string;
  search?: Record<string, string>;
}

/** One figure; with `to` it leads to the list behind it. */
export function StatCard({ label, value, note, tone = "normal", to, search }: Stat) {
  const look = `${styles.stat} ${tone === "normal" ? "" : styles[tone]}`;
  const content = (
    <>
      <span className={styles.statLabel}>{label}</span>
      <span className={styles.statValue}>{value}</span>
      {note && <span className={styles.statNote}>{note}</span>}
    </>
  );
  return to ? (
    <Link to={to as never} search={(search ?? {}) as never} className={look}>
      {content}
    </Link>
  ) : (
    <div className={look}>{content}</div>
  );
}

/** Names and values. */
export function Facts({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {items.map(([name, value]) => (
        <FactRow key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function FactRow({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value ?? <span className="muted">–</span>}</dd>
    </>
  );
}

/** As many columns as fit, each at least `least` wide. */
export function Grid({ least = "11rem", children }: { least?: string; children: ReactNode }) {
  return (
    <div className={styles.grid} ref={(element) => element?.style.setProperty("--least", least)}>
      {children}
    </div>
  );
}

/** Text as it is, e.g. JSON or a command, with a button that copies it. */
export function Code({ text, what }: { text: string; what: string }) {
  return (
    <div className={styles.copied}>
      <pre className={styles.code} tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
