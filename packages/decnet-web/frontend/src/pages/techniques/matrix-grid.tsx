// SPDX-License-Identifier: MIT
/** The matrix as a grid: one stop for Tab, arrow keys inside; a cell says in words what its colour shows. */

import { useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { t } from "@/app/i18n";
import { moved, type Cell, type Column, type Place } from "./matrix";
import styles from "./matrix-grid.module.css";

interface Props {
  columns: readonly Column[];
  chosen: string | null;
  onChoose: (technique: string) => void;
}

export function MatrixGrid({ columns, chosen, onChoose }: Props): ReactElement {
  const grid = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place | null>(null);
  const first = columns.findIndex((column) => column.cells.length > 0);
  const current = place && columns[place.column]?.cells[place.row] ? place : { column: first, row: 0 };

  function onKeyDown(event: KeyboardEvent): void {
    const next = moved(columns, current, event.key);
    if (!next) return;
    event.preventDefault();
    setPlace(next);
    grid.current?.querySelector<HTMLElement>(`[data-place="${next.column}-${next.row}"]`)?.focus();
  }

  return (
    <div className={styles.scroll} ref={grid} onKeyDown={onKeyDown} role="group" aria-label={t("techniques.matrix")}>
      <div className={styles.grid}>
        {columns.map((column, number) => (
          <section
            key={column.tactic}
            className={`${styles.column} ${column.cells.length === 0 ? styles.bare : ""}`}
            aria-label={column.name || t("techniques.no.tactic")}
          >
            <h2>
              {column.name || t("techniques.no.tactic")}
              <small>{column.cells.filter((cell) => cell.tags > 0).length || "–"}</small>
            </h2>
            <ul>
              {column.cells.map((cell, row) => (
                <li key={cell.technique}>
                  <CellButton
                    cell={cell}
                    place={{ column: number, row }}
                    reachable={current.column === number && current.row === row}
                    chosen={cell.technique === chosen}
                    onChoose={(place) => {
                      setPlace(place);
                      onChoose(cell.technique);
                    }}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}

interface CellProps {
  cell: Cell;
  place: Place;
  reachable: boolean;
  chosen: boolean;
  onChoose: (place: Place) => void;
}

function CellButton({ cell, place, reachable, chosen, onChoose }: CellProps): ReactElement {
  const counts = t("techniques.cell", { tags: cell.tags, attackers: cell.attackers });
  const dot = cell.sub ? cell.technique.indexOf(".") : 0;
  return (
    <button
      type="button"
      data-place={`${place.column}-${place.row}`}
      tabIndex={reachable ? 0 : -1}
      aria-pressed={chosen}
      title={`${cell.technique} ${cell.name}\n${counts}`}
      className={`${styles.cell} ${cell.sub ? styles.sub : ""} ${styles[`level${cell.level}`]}`}
      onClick={() => onChoose(place)}
    >
      <span className={styles.name}>{cell.name}</span>
      <span className={styles.line}>
        <code>
          <span className="hidden-visually">{cell.technique.slice(0, dot)}</span>
          {cell.technique.slice(dot)}
        </code>
        {cell.isNew && <b className={styles.fresh}>{t("techniques.new")}</b>}
        <span className="num" aria-hidden>
          {cell.tags || ""}
        </span>
        <span className="hidden-visually">{counts}</span>
      </span>
    </button>
  );
}

export function MatrixLegend({ measure }: { measure: string }): ReactElement {
  return (
    <p className={styles.legend}>
      {t("techniques.fewer")}
      {[1, 2, 3, 4, 5, 6].map((level) => (
        <i key={level} className={styles[`level${level}`]} aria-hidden />
      ))}
      {t("techniques.more", { measure })}
    </p>
  );
}
