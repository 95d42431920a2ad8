// SPDX-License-Identifier: MIT
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Problem } from "@/api/problem";
import { prefer } from "@/app/preferences";
import { inApp } from "@/test/in-app";
import { DataTable, type Column } from "./data-table";
import { leastWidth, tracks } from "./columns";

type Row = { id: string; name: string };
const ROWS: readonly Row[] = ["a", "b", "c"].map((id) => ({ id, name: `<b>${id}</b>` }));
const COLUMNS: readonly Column<Row>[] = [
  { id: "id", header: "Id", width: "4rem", sort: "id", cell: (row) => row.id },
  { id: "name", header: "Name", cell: (row) => row.name },
  { id: "extra", header: "Extra", optional: true, cell: () => "extra" },
];
const props = {
  name: "test",
  label: "Rows",
  columns: COLUMNS,
  rows: ROWS,
  rowKey: (row: Row) => row.id,
  empty: <p>Nothing</p>,
};
const rows = () => screen.getAllByRole("row").slice(1);

test("rows are reached and opened by keyboard, and their text is text", async () => {
  const open = vi.fn();
  await inApp(<DataTable {...props} onOpen={open} />);
  expect(screen.getByText("<b>b</b>")).toBeTruthy();
  expect(screen.queryByText("extra")).toBeNull();
  rows()[0]!.focus();
  fireEvent.keyDown(document.activeElement!, { key: "j" });
  await waitFor(() => expect(document.activeElement).toBe(rows()[1]));
  fireEvent.keyDown(document.activeElement!, { key: "End" });
  await waitFor(() => expect(document.activeElement).toBe(rows()[2]));
  fireEvent.keyDown(document.activeElement!, { key: "k" });
  await waitFor(() => expect(document.activeElement).toBe(rows()[1]));
  fireEvent.keyDown(document.activeElement!, { key: "Enter" });
  expect(open).toHaveBeenCalledExactlyOnceWith(ROWS[1]);
  expect(rows().map((row) => row.tabIndex)).toEqual([-1, 0, -1]);
});

test("a key goes to the row that the key before it chose, however soon it comes", async () => {
  const open = vi.fn();
  await inApp(<DataTable {...props} onOpen={open} />);
  rows()[0]!.focus();
  for (const key of ["j", "j", "Enter"]) fireEvent.keyDown(document.activeElement!, { key });
  expect(open).toHaveBeenCalledExactlyOnceWith(ROWS[2]);
});

test("rows are selected one by one and all at once", async () => {
  const select = vi.fn();
  await inApp(<DataTable {...props} selected={new Set(["a"])} onSelect={select} />);
  fireEvent.keyDown(rows()[1]!, { key: "x" });
  expect([...(select.mock.lastCall![0] as Set<string>)]).toEqual(["a", "b"]);
  fireEvent.click(screen.getByLabelText("Select all rows that are shown"));
  expect([...(select.mock.lastCall![0] as Set<string>)]).toEqual(["a", "b", "c"]);
});

test("the sort is in the address, a second click turns its direction", async () => {
  const { router } = await inApp(<DataTable {...props} />);
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe("?sort=id"));
  expect(screen.getByRole("columnheader", { name: "Id" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe("?sort=id&direction=asc"));
  expect(screen.getByRole("columnheader", { name: "Id" }).getAttribute("aria-sort")).toBe("ascending");
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe("?sort=id"));
});

test("the column by which rows are sorted anyway says so, and is not in the address", async () => {
  const { router } = await inApp(<DataTable {...props} order="id" />);
  expect(screen.getByRole("columnheader", { name: "Id" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe("?direction=asc"));
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe(""));
});

test("a list whose lowest come first turns the other way", async () => {
  const { router } = await inApp(<DataTable {...props} order="id" ascending />);
  expect(screen.getByRole("columnheader", { name: "Id" }).getAttribute("aria-sort")).toBe("ascending");
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe("?direction=desc"));
  expect(screen.getByRole("columnheader", { name: "Id" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Id" }));
  await waitFor(() => expect(router.state.location.searchStr).toBe(""));
});

test("columns that are hidden stay hidden", async () => {
  prefer({ hidden: { test: ["name"] } });
  await inApp(<DataTable {...props} />);
  expect(screen.queryByText("Name")).toBeNull();
  expect(screen.getAllByText("extra")).toHaveLength(3);
  prefer({ hidden: {} });
});

test("nothing, a problem and loading are told apart", async () => {
  await inApp(
    <>
      <DataTable {...props} rows={[]} />
      <DataTable {...props} rows={[]} problem={new Problem(500, "It broke", "badly")} />
      <DataTable {...props} rows={[]} loading />
    </>,
  );
  expect(screen.getByText("Nothing")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("It broke");
  expect(screen.getByLabelText("Loading")).toBeTruthy();
});

test("the columns' tracks and their least width", () => {
  expect(tracks(COLUMNS.slice(0, 2))).toBe("4rem minmax(7rem, 1fr)");
  expect(leastWidth(COLUMNS.slice(0, 2))).toBe(12 + 64 + 12 + 112 + 12);
});
