// SPDX-License-Identifier: MIT
import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Problem } from "@/api/problem";
import { inApp } from "@/test/in-app";
import { QueryBox } from "./query-box";

const language = { fields: ["kind", "src"], kinds: [{ kind: "auth.attempt", summary: "A log-in was tried." }] };

const KNOWN = [[["/api/v1/events/language", {}], language]] as const;

const field = () => screen.getByRole<HTMLInputElement>("combobox");
const type = (value: string) => fireEvent.change(field(), { target: { value } });

test("Tab takes what is offered, Enter searches, Escape closes", async () => {
  const search = vi.fn();
  await inApp(<QueryBox query="" onQuery={search} problem={null} />, "/", KNOWN);
  type("k");
  expect(screen.getAllByRole("option")).toHaveLength(1);
  fireEvent.keyDown(field(), { key: "Tab" });
  expect(field().value).toBe("kind:");
  type("kind:au");
  fireEvent.keyDown(field(), { key: "ArrowDown" });
  expect(screen.getByRole("option").getAttribute("aria-selected")).toBe("true");
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(field().value).toBe("kind:auth.attempt ");
  expect(search).not.toHaveBeenCalled();
  fireEvent.keyDown(field(), { key: "Escape" });
  expect(screen.queryByRole("option")).toBeNull();
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(search).toHaveBeenCalledExactlyOnceWith("kind:auth.attempt");
});

test("what is typed after a completion follows it, however soon it comes", async () => {
  await inApp(<QueryBox query="" onQuery={vi.fn()} problem={null} />, "/", KNOWN);
  fireEvent.change(field(), { target: { value: "k src:1", selectionStart: 1, selectionEnd: 1 } });
  fireEvent.keyDown(field(), { key: "Tab" });
  expect(field().value).toBe("kind: src:1");
  expect(field().selectionStart).toBe("kind:".length);
});

test("the place of what is wrong is marked", async () => {
  const problem = new Problem(422, "Bad query", "there is no field", { at: 2, length: 5 });
  await inApp(<QueryBox query="a <b>:1" onQuery={vi.fn()} problem={problem} />, "/", KNOWN);
  expect(document.querySelector("mark")?.textContent).toBe("<b>:1");
  expect(field().getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(field().getAttribute("aria-describedby")!)?.textContent).toContain(
    "there is no field",
  );
});
