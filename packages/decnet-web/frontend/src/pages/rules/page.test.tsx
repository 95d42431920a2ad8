// SPDX-License-Identifier: MIT
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { inApp } from "@/test/in-app";
import RulesPage from "./page";

const rule = (title: string) => ({
  id: title,
  title,
  description: "",
  level: "low",
  hits: 0,
  attackers: 0,
  last_seen: null,
  techniques: {},
  tactics: [],
  false_positives: [],
  setting: null,
  shipped: true,
});
const KNOWN = [[["/api/v1/rules", {}], { items: [rule("Beta"), rule("Alpha")], refused: [] }]] as const;

test("rules sorted by title begin with A, as the header says, also when the address names the title", async () => {
  await inApp(<RulesPage />, "/?sort=title", KNOWN);
  expect(screen.getByRole("columnheader", { name: "Rule" }).getAttribute("aria-sort")).toBe("ascending");
  const titles = [...document.querySelectorAll("[data-row] strong")].map((one) => one.textContent);
  expect(titles).toEqual(["Alpha", "Beta"]);
});
