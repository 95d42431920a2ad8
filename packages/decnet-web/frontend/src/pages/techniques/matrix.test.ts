// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { LEVELS, levelOf, matrixOf, moved, type Used } from "./matrix";

const TACTICS = [
  { tactic: "execution", name: "Execution" },
  { tactic: "persistence", name: "Persistence" },
  { tactic: "discovery", name: "Discovery" },
];
const used = (technique: string, name: string, tactics: string[], tags = 1, attackers = 1): Used => ({
  technique,
  name,
  tactics,
  tags,
  attackers,
  first_seen: "2026-01-02T00:00:00Z",
  last_seen: "2026-01-02T00:00:00Z",
});

describe("matrixOf", () => {
  const all = [
    used("T1059.004", "Command and Scripting Interpreter: Unix Shell", ["execution"], 90, 3),
    used("T1053", "Scheduled Task/Job", ["execution", "persistence"], 4, 9),
    used("T1053.003", "Scheduled Task/Job: Cron", ["execution", "persistence"], 2),
  ];

  it("has every tactic in order, and techniques in each of theirs", () => {
    const columns = matrixOf(TACTICS, all, "tags");
    expect(columns.map((one) => [one.name, one.cells.map((cell) => cell.technique)])).toEqual([
      ["Execution", ["T1059", "T1059.004", "T1053", "T1053.003"]],
      ["Persistence", ["T1053", "T1053.003"]],
      ["Discovery", []],
    ]);
  });

  it("names a technique of which only sub-techniques were seen, without counts", () => {
    const [head, sub] = matrixOf(TACTICS, all, "tags")[0]!.cells;
    expect(head).toMatchObject({ name: "Command and Scripting Interpreter", tags: 0, level: 0, sub: false });
    expect(sub).toMatchObject({ name: "Unix Shell", tags: 90, level: LEVELS, sub: true });
  });

  it("orders by what is measured", () => {
    expect(matrixOf(TACTICS, all, "attackers")[0]!.cells[0]!.technique).toBe("T1053");
  });

  it("keeps techniques of no known tactic", () => {
    const columns = matrixOf(TACTICS, [used("T9999", "Own", ["ours"])], "tags");
    expect(columns.at(-1)).toMatchObject({ tactic: "", cells: [{ technique: "T9999" }] });
  });

  it("marks what is new", () => {
    const isNew = (since: string): boolean => matrixOf(TACTICS, all, "tags", Date.parse(since))[1]!.cells[0]!.isNew;
    expect([isNew("2026-01-01"), isNew("2026-01-03")]).toEqual([true, false]);
  });
});

it("has levels by the logarithm, from 1 for whatever was seen", () => {
  expect([0, 1, 10, 100, 1000].map((value) => levelOf(value, 1000))).toEqual([0, 1, 3, 4, LEVELS]);
  expect(levelOf(1, 1)).toBe(LEVELS);
});

describe("moved", () => {
  const columns = matrixOf(
    [...TACTICS, { tactic: "impact", name: "Impact" }],
    [used("T1", "a", ["execution"]), used("T2", "b", ["execution"]), used("T3", "c", ["impact"])],
    "tags",
  );

  it.each([
    ["ArrowDown", { column: 0, row: 0 }, { column: 0, row: 1 }],
    ["ArrowDown", { column: 0, row: 1 }, { column: 0, row: 1 }],
    ["ArrowUp", { column: 0, row: 0 }, { column: 0, row: 0 }],
    ["ArrowRight", { column: 0, row: 1 }, { column: 3, row: 0 }],
    ["ArrowLeft", { column: 0, row: 1 }, { column: 0, row: 1 }],
    ["End", { column: 0, row: 0 }, { column: 0, row: 1 }],
    ["x", { column: 0, row: 0 }, null],
  ] as const)("%s from %o leads to %o", (key, from, to) => {
    expect(moved(columns, from, key)).toEqual(to);
  });
});
