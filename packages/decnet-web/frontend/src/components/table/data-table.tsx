// SPDX-License-Identifier: MIT
/**
 * A listing: virtual rows, keyboard (arrows, j/k, Home/End, Enter, Space), columns that can be hidden, sort in the
 * address, "load more" by cursor, export. On narrow screens and in print its rows are blocks.
 */
import { getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import type { Problem } from "@/api/problem";
import { t, tn } from "@/app/i18n";
import { prefer, usePreferences } from "@/app/preferences";
import { naturalDirection, useQueryState } from "@/app/search";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { leastWidth, tracks, type Column } from "./columns";
import { ColumnChooser } from "./column-chooser";
import { ExportMenu } from "./export-menu";
import { Icon } from "@/components/show/icon";
import styles from "./table.module.css";

export type { Column } from "./columns";

interface Props<Row> {
  /** Names the table for screen readers and its hidden columns in the preferences. */
  name: string;
  label: string;
  columns: readonly Column<Row>[];
  /** The `sort` of the column by which the rows are sorted when the address does not say, highest first. */
  order?: string;
  /** By that column the lowest come first when the address does not say. */
  ascending?: boolean;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  onOpen?: (row: Row) => void;
  tone?: (row: Row) => "bad" | "new" | undefined;
  empty: ReactNode;
  loading?: boolean;
  problem?: Problem | null;
  onRetry?: () => void;
  hasMore?: boolean;
  onMore?: () => void;
  /** The API's path and filters, for the exports. */
  exports?: { path: string; query: Readonly<Record<string, unknown>> };
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** Stands at the left over the table. */
  tools?: ReactNode;
  height?: string;
}

const VIRTUAL_FROM = 60;
const NEAR_END = 12;

export function DataTable<Row>(props: Props<Row>) {
  const { name, columns, rows, loading = false } = props;
  const { hidden } = usePreferences();
  const chosen = hidden[name] ?? columns.filter((column) => column.optional).map((column) => column.id);
  const table = useReactTable({
    data: rows as Row[],
    columns: useMemo(() => columns.map((column) => ({ id: column.id, header: column.header })), [columns]),
    getCoreRowModel: getCoreRowModel(),
    state: { columnVisibility: Object.fromEntries(columns.map((column) => [column.id, !chosen.includes(column.id)])) },
  });
  const visible = new Set(table.getVisibleLeafColumns().map((column) => column.id));
  const shown = columns.filter((column) => visible.has(column.id));
  const hide = (ids: readonly string[]) => prefer({ hidden: { ...hidden, [name]: ids } });

  return (
    <div className={styles.box}>
      <div className={`${styles.tools} no-print`}>
        <div>
          {props.tools}
          <span>
            {props.hasMore ? t("table.rows.more", { n: rows.length }) : loading ? "" : tn("table.rows", rows.length)}
          </span>
        </div>
        <div>
          {props.exports && <ExportMenu name={name} {...props.exports} />}
          <ColumnChooser columns={columns} hidden={chosen} onChange={hide} />
        </div>
      </div>
      <Content {...props} columns={shown} />
      {props.hasMore && (
        <div className={`${styles.foot} no-print`}>
          <Button small onClick={props.onMore}>
            {t("common.more")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Content<Row>(props: Props<Row>) {
  const { rows, problem, loading, onRetry } = props;
  if (rows.length > 0) return <Rows {...props} />;
  if (problem)
    return (
      <div className={styles.loading}>
        <ErrorState problem={problem} {...(onRetry ? { onRetry } : {})} />
      </div>
    );
  if (!loading) return props.empty;
  return (
    <div className={styles.loading}>
      <Skeleton lines={6} height={18} />
    </div>
  );
}

/** While the page is printed all rows are there, not only those in view. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const query = matchMedia("print");
    const change = () => setPrinting(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return printing;
}

function Rows<Row>(props: Props<Row>) {
  const { columns, rows, rowKey, label, onOpen, hasMore, onMore, height } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const printing = usePrinting();
  const virtual = rows.length > VIRTUAL_FROM && !printing;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 41,
    overscan: 10,
    enabled: virtual,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowKey(row);
    },
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (virtual && hasMore && last >= rows.length - NEAR_END) onMore?.();
  }, [virtual, hasMore, last, rows.length, onMore]);

  const focus = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setCurrent(to);
    if (virtual) virtualizer.scrollToIndex(to);
    const there = () => scroll.current?.querySelector<HTMLElement>(`[data-index="${to}"]`);
    const row = there();
    // At once, so that the next key, which may come before the next frame, is that row's.
    if (row) row.focus();
    else requestAnimationFrame(() => there()?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => move(event, current, rows.length, focus);
  const selection = useSelection(props);
  const row = (index: number, style: CSSProperties = {}) => {
    const one = rows[index];
    if (one === undefined) return null;
    const key = rowKey(one);
    const tone = props.tone?.(one);
    return (
      <div
        key={key}
        ref={virtual ? virtualizer.measureElement : undefined}
        role="row"
        aria-rowindex={index + 2}
        {...(selection ? { "aria-selected": selection.has(key) } : {})}
        data-index={index}
        data-row=""
        {...(tone ? { "data-tone": tone } : {})}
        tabIndex={index === Math.min(current, rows.length - 1) ? 0 : -1}
        className={`${styles.row} ${onOpen ? styles.open : ""}`}
        style={style}
        onFocus={() => setCurrent(index)}
        onClick={(event) => {
          if (onOpen && !(event.target as Element).closest("a, button, input, label")) onOpen(one);
        }}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          if (event.key === "Enter") onOpen?.(one);
          else if ((event.key === " " || event.key === "x") && selection) selection.toggle(key);
          else return;
          event.preventDefault();
        }}
      >
        {selection && (
          <div role="gridcell" className={styles.cell}>
            <input
              type="checkbox"
              aria-label={t("table.select.row")}
              checked={selection.has(key)}
              onChange={() => selection.toggle(key)}
            />
          </div>
        )}
        {columns.map((column) => (
          <div
            key={column.id}
            role="gridcell"
            className={`${styles.cell} ${column.wrap ? styles.wrap : styles.one} ${column.align === "end" ? styles.end : ""}`}
          >
            <span className={styles.label} aria-hidden="true">
              {column.header}
            </span>
            {column.cell(one)}
          </div>
        ))}
      </div>
    );
  };

  return (
    <div
      className={styles.scroll}
      ref={(element) => {
        scroll.current = element;
        const extra = selection ? "20px " : "";
        element?.style.setProperty("--columns", extra + tracks(columns));
        element?.style.setProperty("--least", `${leastWidth(columns) + (selection ? 32 : 0)}px`);
        if (height) element?.style.setProperty("--table-height", height);
      }}
    >
      <div role="grid" aria-label={label} aria-rowcount={hasMore ? -1 : rows.length + 1} onKeyDown={onKeyDown}>
        <Head columns={columns} order={props.order} ascending={props.ascending ?? false} selection={selection} />
        <div
          role="rowgroup"
          className={`${styles.body} ${virtual ? styles.virtual : ""}`}
          style={virtual ? { height: virtualizer.getTotalSize() } : {}}
        >
          {virtual
            ? items.map((item) => row(item.index, { transform: `translateY(${item.start}px)` }))
            : rows.map((_, index) => row(index))}
        </div>
      </div>
    </div>
  );
}

function move(event: KeyboardEvent, current: number, count: number, focus: (index: number) => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest("input, select, textarea"))
    return;
  const page = 10;
  const to: Readonly<Record<string, number>> = {
    ArrowDown: current + 1,
    j: current + 1,
    ArrowUp: current - 1,
    k: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: count - 1,
  };
  const index = to[event.key];
  if (index === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  focus(index);
}

interface Selection {
  has: (key: string) => boolean;
  toggle: (key: string) => void;
  all: boolean;
  toggleAll: () => void;
}

function useSelection<Row>({ rows, rowKey, selected, onSelect }: Props<Row>): Selection | null {
  if (selected === undefined || onSelect === undefined) return null;
  const all = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)));
  return {
    has: (key) => selected.has(key),
    toggle: (key) => {
      const changed = new Set(selected);
      if (!changed.delete(key)) changed.add(key);
      onSelect(changed);
    },
    all,
    toggleAll: () => onSelect(new Set(all ? [] : rows.map(rowKey))),
  };
}

function Head<Row>({
  columns,
  order,
  ascending,
  selection,
}: {
  columns: readonly Column<Row>[];
  order: string | undefined;
  ascending: boolean;
  selection: Selection | null;
}) {
  const [search, change] = useQueryState();
  const sorted = search.sort ?? order;
  const natural = (sort: string | undefined) => naturalDirection(sort, order, ascending);
  const lowest = (search.direction ?? natural(sorted)) === "asc";
  const sortBy = (sort: string) => {
    const next = sort !== sorted ? natural(sort) : lowest ? "desc" : "asc";
    change({ sort: sort === order ? undefined : sort, direction: next === natural(sort) ? undefined : next });
  };
  return (
    <div role="rowgroup">
      <div role="row" aria-rowindex={1} className={styles.head}>
        {selection && (
          <div role="columnheader">
            <input
              type="checkbox"
              aria-label={t("table.select.all")}
              checked={selection.all}
              onChange={selection.toggleAll}
            />
          </div>
        )}
        {columns.map(({ id, header, sort, align }) => {
          const chosen = sort !== undefined && sort === sorted;
          return (
            <div
              key={id}
              role="columnheader"
              className={align === "end" ? styles.end : ""}
              {...(chosen ? { "aria-sort": lowest ? ("ascending" as const) : ("descending" as const) } : {})}
            >
              {sort ? (
                <button type="button" title={t("table.sort", { column: header })} onClick={() => sortBy(sort)}>
                  {header}
                  {chosen && <Icon name={lowest ? "up" : "down"} size={12} />}
                </button>
              ) : (
                header
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
