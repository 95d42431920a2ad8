// SPDX-License-Identifier: MIT
import { expect, test, vi } from "vitest";

let answer: Response;
const asked: Request[] = [];
vi.stubGlobal("fetch", async (request: Request) => {
  asked.push(request);
  return answer;
});
const { HOURS, makeCommand, orderOf, saveBundle } = await import("./enrolment"); // its client keeps the fetch it finds

const ORDER = { name: "berlin-1", master: "", hours: HOURS, replace: false };
const START = "systemctl enable --now decnet.target";

test("a form is what is asked for", () => {
  const form = new FormData();
  form.set("name", " berlin-1 ");
  form.set("hours", "1");
  expect(orderOf(form)).toEqual(ORDER);
});

test("a command comes with the time until which it works", async () => {
  const until = "2026-12-03T15:00:00Z";
  const made = { name: "berlin-1", command: "decnet-forwarder enrol", expires_at: until };
  answer = Response.json(made, { status: 201 });
  expect(await makeCommand(ORDER)).toEqual({
    name: "berlin-1",
    command: `${made.command} && decnet-supervise init && ${START}`,
    until,
  });
});

test("a bundle is stored as a file of the sensor's name, unread", async () => {
  answer = new Response("PK", { headers: { "Content-Type": "application/zip" } });
  const stored: Blob[] = [];
  Object.assign(URL, { createObjectURL: (file: Blob) => `blob:${stored.push(file)}`, revokeObjectURL: () => {} });
  const names: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  expect(await saveBundle(ORDER)).toEqual({
    name: "berlin-1",
    command: `python3 berlin-1.pyz && ${START}`,
    until: null,
  });
  expect(names).toEqual(["berlin-1.pyz"]);
  expect(stored.map((one) => one.size)).toEqual([2]);
  expect(await asked.at(-1)!.json()).toEqual(ORDER);
});

test("a refusal is a problem that says what to do", async () => {
  const problem = { title: "Refused", status: 409, detail: "make a wheelhouse with `make wheels`" };
  answer = Response.json(problem, { status: 409, headers: { "Content-Type": "application/problem+json" } });
  await expect(saveBundle(ORDER)).rejects.toMatchObject({ message: expect.stringContaining("make wheels") });
});
