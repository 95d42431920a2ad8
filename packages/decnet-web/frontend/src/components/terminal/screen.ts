// SPDX-License-Identifier: MIT
/** The screen of a terminal: what output shows, as rows of text with styles. It draws nothing and asks for nothing. */

import type { Size } from "./asciicast";
import { SequenceReader, type Actions } from "./sequences";
import { PLAIN, restyled, type Style } from "./style";
import { widthOf } from "./width";

interface Cell {
  text: string;
  style: Style;
}

/** Adjacent cells of one style. */
export interface Run {
  text: string;
  style: Style;
}

interface Row {
  cells: Cell[];
  /** The row as runs, while it is as it was. */
  runs: readonly Run[] | null;
}

interface Cursor {
  row: number;
  column: number;
  style: Style;
  drawing: boolean;
}

export interface Shown {
  rows: readonly (readonly Run[])[];
  cursor: { row: number; column: number } | null;
}

const BLANK: Cell = { text: " ", style: PLAIN };
const MOST_IN_CELL = 12;
/** DEC special graphics, 0x60 to 0x7e. */
const LINES = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

export class Screen implements Actions {
  private rows: Row[];
  private other: Row[] | null = null;
  private cursor: Cursor = { row: 0, column: 0, style: PLAIN, drawing: false };
  private saved: Cursor = { ...this.cursor };
  private top = 0;
  private bottom: number;
  private wraps = true;
  private visible = true;
  private columns: number;
  private reader = new SequenceReader();

  /** `gone` gets the text of each row that leaves the top of the main screen. */
  constructor(
    size: Size,
    private readonly gone?: (text: string) => void,
  ) {
    this.columns = size.columns;
    this.bottom = size.rows - 1;
    this.rows = Array.from({ length: size.rows }, () => this.blankRow());
  }

  write(text: string): void {
    this.reader.feed(text, this);
  }

  copy(): Screen {
    const other = new Screen({ columns: this.columns, rows: this.rows.length });
    other.rows = this.rows.map(copied);
    other.other = this.other?.map(copied) ?? null;
    other.cursor = { ...this.cursor };
    other.saved = { ...this.saved };
    other.top = this.top;
    other.bottom = this.bottom;
    other.wraps = this.wraps;
    other.visible = this.visible;
    other.reader = this.reader.copy();
    return other;
  }

  resize(size: Size): void {
    this.columns = size.columns;
    const fitted = (rows: Row[]): Row[] => {
      const kept = rows.slice(Math.max(0, Math.min(rows.length, this.cursor.row + 1) - size.rows)).slice(0, size.rows);
      while (kept.length < size.rows) kept.push(this.blankRow());
      return kept.map((row) => ({ cells: this.fittedCells(row.cells), runs: null }));
    };
    const gone = Math.max(0, this.cursor.row + 1 - size.rows);
    this.rows = fitted(this.rows);
    if (this.other) this.other = fitted(this.other);
    this.top = 0;
    this.bottom = size.rows - 1;
    this.moveTo(this.cursor.row - gone, this.cursor.column);
  }

  show(): Shown {
    const { row, column } = this.cursor;
    return {
      rows: this.rows.map((one) => (one.runs ??= runsOf(one.cells))),
      cursor: this.visible ? { row, column: Math.min(column, this.columns - 1) } : null,
    };
  }

  /** The rows as text. */
  text(): string[] {
    return (this.other ?? this.rows).map((row) => textOf(row.cells));
  }

  print(character: string): void {
    const width = widthOf(character);
    if (width === 0) {
      this.combine(character);
      return;
    }
    if (this.cursor.column + width > this.columns) {
      if (this.wraps) {
        this.cursor.column = 0;
        this.lineFeed();
      } else this.cursor.column = Math.max(0, this.columns - width);
    }
    const cells = this.changing(this.cursor.row);
    const text = this.cursor.drawing ? drawn(character) : character;
    cells[this.cursor.column] = { text, style: this.cursor.style };
    if (width === 2 && this.cursor.column + 1 < this.columns) {
      cells[this.cursor.column + 1] = { text: "", style: this.cursor.style };
    }
    this.cursor.column += width;
  }

  control(code: number): void {
    if (code === 0x08) this.cursor.column = Math.max(0, Math.min(this.cursor.column, this.columns - 1) - 1);
    else if (code === 0x09)
      this.cursor.column = Math.min(this.columns - 1, (Math.floor(this.cursor.column / 8) + 1) * 8);
    else if (code >= 0x0a && code <= 0x0c) this.lineFeed();
    else if (code === 0x0d) this.cursor.column = 0;
    else if (code === 0x0e || code === 0x0f) this.cursor.drawing = code === 0x0e;
  }

  escape(final: string, intermediate: string): void {
    if (intermediate === "(") this.cursor.drawing = final === "0";
    else if (intermediate) return;
    else if (final === "7") this.saved = { ...this.cursor };
    else if (final === "8") this.restore();
    else if (final === "D") this.lineFeed();
    else if (final === "E") {
      this.cursor.column = 0;
      this.lineFeed();
    } else if (final === "M") this.reverseFeed();
    else if (final === "c") this.reset();
  }

  csi(final: string, parameters: number[], prefix: string): void {
    if (prefix === "?") {
      if (final === "h" || final === "l") for (const mode of parameters) this.setMode(mode, final === "h");
      return;
    }
    if (prefix) return;
    if (final === "m") this.cursor.style = restyled(this.cursor.style, parameters);
    else MOVES[final]?.(this, parameters[0] ?? 0, parameters[1] ?? 0);
  }

  /** The methods below carry out single sequences; `MOVES` names them. */
  moveTo(row: number, column: number): void {
    this.cursor.row = Math.max(0, Math.min(this.rows.length - 1, row));
    this.cursor.column = Math.max(0, Math.min(this.columns - 1, column));
  }

  moveBy(rows: number, columns: number): void {
    this.moveTo(this.cursor.row + rows, Math.min(this.cursor.column, this.columns - 1) + columns);
  }

  toColumn(column: number): void {
    this.moveTo(this.cursor.row, column);
  }

  toRow(row: number): void {
    this.moveTo(row, this.cursor.column);
  }

  eraseInDisplay(what: number): void {
    const { row } = this.cursor;
    if (what === 0) this.eraseInLine(0);
    else if (what === 1) this.eraseInLine(1);
    const [from, until] = what === 0 ? [row + 1, this.rows.length] : what === 1 ? [0, row] : [0, this.rows.length];
    for (let each = from; each < until; each++) this.rows[each] = this.blankRow();
  }

  eraseInLine(what: number): void {
    const column = Math.min(this.cursor.column, this.columns - 1);
    const [from, until] = what === 0 ? [column, this.columns] : what === 1 ? [0, column + 1] : [0, this.columns];
    this.changing(this.cursor.row).fill(this.blank(), from, until);
  }

  eraseCharacters(number: number): void {
    const { column } = this.cursor;
    this.changing(this.cursor.row).fill(this.blank(), column, Math.min(this.columns, column + Math.max(1, number)));
  }

  insertCharacters(number: number): void {
    const cells = this.changing(this.cursor.row);
    const many = Math.min(Math.max(1, number), this.columns);
    cells.splice(this.cursor.column, 0, ...Array.from({ length: many }, () => this.blank()));
    cells.length = this.columns;
  }

  deleteCharacters(number: number): void {
    const cells = this.changing(this.cursor.row);
    cells.splice(this.cursor.column, Math.min(Math.max(1, number), this.columns));
    while (cells.length < this.columns) cells.push(this.blank());
  }

  insertLines(number: number): void {
    if (this.inRegion()) this.scroll(-Math.max(1, number), this.cursor.row);
  }

  deleteLines(number: number): void {
    if (this.inRegion()) this.scroll(Math.max(1, number), this.cursor.row);
  }

  /** Move rows up (negative: down) between `from` and the end of the scrolling region. */
  scroll(number: number, from = this.top): void {
    const many = Math.min(Math.abs(number), this.bottom - from + 1);
    const blank = Array.from({ length: many }, () => this.blankRow());
    if (number > 0) {
      this.rows.splice(from, many);
      this.rows.splice(this.bottom - many + 1, 0, ...blank);
    } else {
      this.rows.splice(this.bottom - many + 1, many);
      this.rows.splice(from, 0, ...blank);
    }
  }

  setRegion(top: number, bottom: number): void {
    const last = this.rows.length;
    const [first, end] = [Math.max(1, top), Math.min(last, bottom || last)];
    if (first >= end) return;
    this.top = first - 1;
    this.bottom = end - 1;
    this.moveTo(0, 0);
  }

  save(): void {
    this.saved = { ...this.cursor };
  }

  restore(): void {
    this.cursor = { ...this.saved };
    this.moveTo(this.cursor.row, this.cursor.column);
  }

  repeat(number: number): void {
    const before = this.rows[this.cursor.row]?.cells[this.cursor.column - 1]?.text;
    const many = Math.min(Math.max(1, number), this.columns * this.rows.length);
    if (before) for (let each = 0; each < many; each++) this.print([...before][0] ?? " ");
  }

  private setMode(mode: number, on: boolean): void {
    if (mode === 7) this.wraps = on;
    else if (mode === 25) this.visible = on;
    else if (mode === 47 || mode === 1047 || mode === 1049) this.switchScreen(on, mode === 1049);
    else if (mode === 1048) {
      if (on) this.save();
      else this.restore();
    }
  }

  private switchScreen(alternate: boolean, withCursor: boolean): void {
    if (alternate === (this.other !== null)) return;
    if (alternate) {
      if (withCursor) this.save();
      this.other = this.rows;
      this.rows = this.other.map(() => this.blankRow());
    } else {
      this.rows = this.other ?? this.rows;
      this.other = null;
      if (withCursor) this.restore();
    }
  }

  private lineFeed(): void {
    if (this.cursor.row === this.bottom) {
      if (this.gone && this.top === 0 && !this.other) this.gone(textOf(this.rows[0]!.cells));
      this.scroll(1);
    } else this.cursor.row = Math.min(this.rows.length - 1, this.cursor.row + 1);
  }

  private reverseFeed(): void {
    if (this.cursor.row === this.top) this.scroll(-1);
    else this.cursor.row = Math.max(0, this.cursor.row - 1);
  }

  private combine(character: string): void {
    const cells = this.changing(this.cursor.row);
    let column = this.cursor.column - 1;
    if (cells[column]?.text === "") column--;
    const before = cells[column];
    if (before && before.text.length < MOST_IN_CELL) cells[column] = { ...before, text: before.text + character };
  }

  private reset(): void {
    this.other = null;
    this.top = 0;
    this.bottom = this.rows.length - 1;
    this.rows = this.rows.map(() => this.blankRow());
    this.cursor = { row: 0, column: 0, style: PLAIN, drawing: false };
    this.saved = { ...this.cursor };
    this.visible = this.wraps = true;
  }

  private inRegion(): boolean {
    return this.cursor.row >= this.top && this.cursor.row <= this.bottom;
  }

  private changing(row: number): Cell[] {
    const one = this.rows[row]!;
    one.runs = null;
    return one.cells;
  }

  private blank(): Cell {
    const { background } = this.cursor.style;
    return background === undefined ? BLANK : { text: " ", style: { background } };
  }

  private blankRow(): Row {
    return { cells: new Array<Cell>(this.columns).fill(this.cursor ? this.blank() : BLANK), runs: null };
  }

  private fittedCells(cells: Cell[]): Cell[] {
    const fitted = cells.slice(0, this.columns);
    while (fitted.length < this.columns) fitted.push(BLANK);
    return fitted;
  }
}

type Move = (screen: Screen, first: number, second: number) => void;

const once = (number: number): number => Math.max(1, number);

const MOVES: Readonly<Record<string, Move | undefined>> = {
  A: (screen, n) => screen.moveBy(-once(n), 0),
  B: (screen, n) => screen.moveBy(once(n), 0),
  C: (screen, n) => screen.moveBy(0, once(n)),
  D: (screen, n) => screen.moveBy(0, -once(n)),
  E: (screen, n) => {
    screen.moveBy(once(n), 0);
    screen.toColumn(0);
  },
  F: (screen, n) => {
    screen.moveBy(-once(n), 0);
    screen.toColumn(0);
  },
  G: (screen, n) => screen.toColumn(once(n) - 1),
  "`": (screen, n) => screen.toColumn(once(n) - 1),
  H: (screen, row, column) => screen.moveTo(once(row) - 1, once(column) - 1),
  f: (screen, row, column) => screen.moveTo(once(row) - 1, once(column) - 1),
  d: (screen, n) => screen.toRow(once(n) - 1),
  a: (screen, n) => screen.moveBy(0, once(n)),
  e: (screen, n) => screen.moveBy(once(n), 0),
  J: (screen, n) => screen.eraseInDisplay(n),
  K: (screen, n) => screen.eraseInLine(n),
  L: (screen, n) => screen.insertLines(n),
  M: (screen, n) => screen.deleteLines(n),
  P: (screen, n) => screen.deleteCharacters(n),
  X: (screen, n) => screen.eraseCharacters(n),
  "@": (screen, n) => screen.insertCharacters(n),
  S: (screen, n) => screen.scroll(once(n)),
  T: (screen, n) => screen.scroll(-once(n)),
  b: (screen, n) => screen.repeat(n),
  r: (screen, top, bottom) => screen.setRegion(top, bottom),
  s: (screen) => screen.save(),
  u: (screen) => screen.restore(),
};

function copied(row: Row): Row {
  return { cells: [...row.cells], runs: row.runs };
}

function drawn(character: string): string {
  const code = character.charCodeAt(0);
  return code >= 0x60 && code <= 0x7e ? (LINES[code - 0x60] ?? character) : character;
}

function textOf(cells: readonly Cell[]): string {
  return cells
    .map((cell) => cell.text)
    .join("")
    .trimEnd();
}

function runsOf(cells: readonly Cell[]): readonly Run[] {
  const runs: Run[] = [];
  let last: Run | undefined;
  for (const cell of cells) {
    if (last && last.style === cell.style) last.text += cell.text;
    else runs.push((last = { text: cell.text, style: cell.style }));
  }
  const end = runs.at(-1);
  if (end && end.style === PLAIN) end.text = end.text.trimEnd();
  return runs;
}
