// SPDX-License-Identifier: MIT
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { SESSION_KEY, type Role } from "@/app/session";
import { inApp } from "@/test/in-app";
import { Palette } from "./palette";

const open = (role: Role) =>
  inApp(<Palette onClose={() => undefined} onKeys={() => undefined} />, "/", [[SESSION_KEY, { name: "one", role }]]);
const offered = () => screen.getAllByRole("option").map((one) => one.textContent);

test("the palette offers what the role of the person allows", async () => {
  await open("viewer");
  expect(offered()).toContain("My accountActions");
  expect(offered()).toContain("Log outActions");
  for (const refused of ["Audit", "Settings", "Add a decky", "Make a canary"])
    expect(offered().filter((one) => one?.startsWith(refused))).toEqual([]);
});

test("an action of the palette opens the page in the state that it names", async () => {
  const { router } = await open("admin");
  fireEvent.change(screen.getByRole("combobox"), { target: { value: "add a rec" } });
  fireEvent.keyDown(screen.getByRole("combobox"), { key: "Enter" });
  await expect.poll(() => router.state.location.href).toBe("/webhooks?add=1");
});
