// SPDX-License-Identifier: MIT
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { flushSync } from "react-dom";
import { useGet } from "@/api/queries";
import { namesPlace, type Problem } from "@/api/problem";
import { t } from "@/app/i18n";
import { Icon } from "@/components/show/icon";
import { accepted, suggestions, type Suggestion } from "./language";
import styles from "./events.module.css";

const MOST = 12;

interface Props {
  query: string;
  onQuery: (query: string) => void;
  problem: Problem | null;
}

/** The field of the query, with completion: arrows choose, Tab takes, Enter searches. */
export function QueryBox({ query, onQuery, problem }: Props) {
  const [text, setText] = useState(query);
  const [known, setKnown] = useState(query);
  const [cursor, setCursor] = useState(0);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const language = useGet("/api/v1/events/language", {});
  if (known !== query) {
    // Changed by a link, a saved search or "back".
    setKnown(query);
    setText(query);
  }
  const offers = open && language.data ? suggestions(text, cursor, language.data).slice(0, MOST) : [];
  const take = (offer: Suggestion) => {
    const taken = accepted(text, offer);
    // At once: what is typed before the next frame would otherwise be torn apart by the caret that moves then.
    flushSync(() => {
      setText(taken.query);
      setCursor(taken.cursor);
      setAt(-1);
    });
    input.current?.setSelectionRange(taken.cursor, taken.cursor);
  };
  const search = () => {
    setOpen(false);
    onQuery(text.trim());
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => (open ? setAt(Math.min(at + 1, offers.length - 1)) : setOpen(true)),
    ArrowUp: () => setAt(Math.max(at - 1, -1)),
    Enter: () => (offers[at] ? take(offers[at]) : search()),
    Escape: () => leave(),
  };
  const press = (event: KeyboardEvent) => {
    const first = offers[Math.max(at, 0)];
    const action = event.key === "Tab" && !event.shiftKey && first ? () => take(first) : keys[event.key];
    if (action === undefined) return;
    action();
    event.preventDefault();
  };
  const leave = () => {
    if (open) setOpen(false);
    else input.current?.blur();
  };
  const wrong = namesPlace(problem);
  return (
    <div className={styles.query}>
      <div className={styles.field}>
        <Icon name="search" size={16} />
        <input
          ref={input}
          className={styles.input}
          role="combobox"
          aria-label={t("events.query")}
          aria-expanded={offers.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
          aria-invalid={wrong}
          aria-describedby={wrong ? `${list}-wrong` : undefined}
          placeholder={t("events.query.example")}
          value={text}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="none"
          data-page-search=""
          onChange={(event) => {
            setText(event.target.value);
            setCursor(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setAt(-1);
          }}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
          onKeyDown={press}
          onBlur={() => setOpen(false)}
        />
        <div
          id={list}
          role="listbox"
          aria-label={t("events.query.offers")}
          className={offers.length > 0 ? styles.list : ""}
        >
          {offers.map((offer, index) => (
            <div
              key={offer.text}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === at}
              className={styles.option}
              onMouseDown={(event) => {
                event.preventDefault(); // the focus stays in the field
                take(offer);
              }}
            >
              <code>{offer.text}</code>
              {offer.about && <span>{offer.about}</span>}
            </div>
          ))}
        </div>
      </div>
      {wrong && problem && <Wrong id={`${list}-wrong`} query={query} problem={problem} />}
    </div>
  );
}

/** Where the query cannot be read, and why. */
function Wrong({ id, query, problem }: { id: string; query: string; problem: Problem }) {
  const at = Number(problem.extra.at);
  const length = Math.max(1, Number(problem.extra.length ?? 1));
  return (
    <div id={id} className={styles.wrong} role="alert">
      <pre>
        {query.slice(0, at)}
        <mark>{query.slice(at, at + length) || "␣"}</mark>
        {query.slice(at + length)}
      </pre>
      <p>{problem.detail}</p>
    </div>
  );
}
