// SPDX-License-Identifier: MIT
/** The fleet's pages: a worker paused and resumed, a decky deployed by its plan, a canary tripped, a receiver tested. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { accessible, fits, handled, screenshot, settled, until, visit, WEB_01 } from "./harness.mjs";

const PAGES = [
  ["/workers", "Workers"],
  ["/workers/ingest", "ingest"],
  ["/deckies", "Deckies"],
  ["/deckies?tab=personas", "Deckies"],
  ["/deploy", "Deploy a document"],
  ["/canaries?tab=kinds", "Canaries"],
  ["/canaries?tab=upkeep", "Canaries"],
  ["/agenda", "Synthetic users"],
  ["/webhooks", "Webhooks"],
  ["/sensors", "Sensors"],
  ["/rules", "Rules"],
  ["/rules?tab=editor", "Rules"],
  ["/database", "Database"],
  ["/database?tab=replay", "Database"],
  ["/settings", "Settings"],
];

for (const [width, theme] of [
  [320, "light"],
  [2560, "dark"],
]) {
  test(`the fleet's pages fit ${width} px and are accessible`, async () => {
    const { page, end } = await visit("/workers", { width, theme });
    for (const [path, title] of PAGES) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
      await settled(page);
      await fits(page, width, path);
      await accessible(page);
    }
    await end();
  });
}

test("a worker is paused and resumed, by the keyboard alone", async () => {
  const { page, end } = await visit("/workers/mutate");
  await page.getByRole("button", { name: "Pause: mutate" }).press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Pause", exact: true }).press("Enter");
  await page.getByText("Paused", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Resume: mutate" }).press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Resume", exact: true }).press("Enter");
  await page
    .getByText(/^(Running|Parked)$/)
    .first()
    .waitFor();
  await page.goto("/workers");
  await page.getByText("Memory of the whole fleet").waitFor();
  await page.getByRole("img", { name: /^The fleet takes/ }).waitFor();
  await screenshot(page, "workers");
  await end();
});

test("a decky is added by its plan, and is running then", async () => {
  const { page, end } = await visit("/deploy?add=1");
  await page.getByLabel("Name", { exact: true }).fill("printer-e2e");
  await page.getByLabel("Addresses").fill(WEB_01.replace(/\.10$/, ".77"));
  await page.getByLabel("Services").fill("http=8080");
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByText("1 to add").waitFor();
  await screenshot(page, "plan");
  await page.getByRole("button", { name: "Carry out" }).click();
  await page.getByText("All is as desired").waitFor();
  await page.goto("/deckies");
  await page.getByRole("link", { name: /printer-e2e/ }).first().waitFor();
  await screenshot(page, "deckies");
  await end();
});

test("the example of a document can be deployed beside the default deckies", async () => {
  const { page, end } = await visit("/deploy");
  await page.getByRole("button", { name: "Example" }).click();
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByText("4 to add").waitFor();
  await end();
});

test("a decky of the settings file says where it is changed, in place of what is known of deployed ones", async () => {
  const { page, end } = await visit("/deckies/web-01", { role: "viewer" });
  await page.getByText("It comes from the settings file").waitFor();
  await page.getByRole("heading", { name: "What it is" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Uptime" }).count(), 0);
  await end();
});

test("rules are listed by their hits, too", async () => {
  const { page, end } = await visit("/rules", { role: "viewer" });
  const hits = page.locator("[data-row] > [role=gridcell]:nth-child(5)");
  await page.getByRole("columnheader", { name: "Hits" }).getByRole("button").click();
  await page.waitForURL(/sort=hits/);
  await until(async () => {
    const numbers = (await hits.allInnerTexts()).map(Number);
    assert.ok(numbers[0] > 0);
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => other - one),
    );
    return true;
  });
  await end();
});

test("an address that names a kind of canary that there is not says so", async () => {
  const { page, end } = await visit("/canaries?make=carrier-pigeon", { role: "analyst" });
  await page.getByRole("dialog").getByText("There is no kind of canary called “carrier-pigeon”").waitFor();
  await end();
});

test("deckies are listed from either end of their names", async () => {
  const { page, end } = await visit("/deckies?tab=list", { role: "viewer" });
  const names = () => page.locator("[data-row] strong").allInnerTexts();
  await page.locator('[role="columnheader"][aria-sort="ascending"]', { hasText: "Decky" }).waitFor();
  const first = await until(async () => {
    const found = await names();
    return found.length > 2 && found;
  });
  assert.deepEqual(first, first.toSorted());
  await page.getByRole("columnheader", { name: "Decky" }).getByRole("button").click();
  await page.waitForURL(/direction=desc/);
  await page.locator('[role="columnheader"][aria-sort="descending"]', { hasText: "Decky" }).waitFor();
  await until(async () => {
    assert.deepEqual(await names(), first.toReversed());
    return true;
  });
  await end();
});

test("a canary says that it was used while its maker still looks", async () => {
  const { page, end } = await visit("/canaries?tab=kinds", { role: "analyst" });
  await page.getByRole("button", { name: "Make a canary: url" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Where it will lie").fill("<img src=x onerror='window.pwned=1'>");
  await dialog.getByRole("button", { name: "Make it" }).click();
  const url = (await dialog.locator("pre").innerText()).trim();
  await dialog.getByText("Waiting for its first hit …").waitFor();
  assert.ok((await fetch(url)).ok);
  await dialog.getByText("It works: it was tripped").waitFor();
  await screenshot(page, "canary");
  await dialog.getByRole("link", { name: "Details" }).click();
  await page.getByRole("heading", { level: 1, name: "<img src=x onerror='window.pwned=1'>" }).waitFor();
  await end();
});

test("canaries are exported, and an import of them finds them known", async () => {
  const { page, end } = await visit("/canaries?tab=upkeep", { expected: [/status of 4/] });
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download canaries.json" }).click();
  const file = await (await saving).path();
  const { tokens } = JSON.parse(await readFile(file, "utf8"));
  await page.getByLabel("Export of a fleet").setInputFiles({
    name: "canaries.json",
    mimeType: "application/json",
    buffer: await readFile(file),
  });
  await page.getByRole("button", { name: "Add its canaries" }).click();
  await page.getByText(`0 added, ${tokens.length} were known already`).waitFor();
  await page.getByLabel("Export of a fleet").setInputFiles({
    name: "canaries.json",
    mimeType: "application/json",
    buffer: Buffer.from("<img src=x onerror='window.pwned=1'>"),
  });
  await page.getByRole("button", { name: "Add its canaries" }).click();
  await page.getByText(/no document of/).waitFor();
  await end();
});

test("a replay says what it does before it begins", async () => {
  const { page, end } = await visit("/database?tab=replay");
  await page.getByLabel("Worker").selectOption("ttp");
  await page.getByRole("button", { name: "Show what it does" }).click();
  await page.getByText("Emptied and rebuilt").waitFor();
  await page.getByRole("button", { name: "Begin", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Begin", exact: true }).click();
  await page.getByText("ttp handles the events again; its lag says how far it is").waitFor();
  await handled(); // until then other pages lack techniques
  await end();
});

test("a receiver gets a test when it is added, and its secret is shown once", async () => {
  const got = [];
  const server = createServer((request, response) => {
    request.resume();
    got.push(request.headers["webhook-signature"]);
    response.writeHead(204).end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const { page, end } = await visit("/webhooks?add=1");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Address" }).fill(`http://127.0.0.1:${server.address().port}/hook`);
    await dialog.getByLabel(/private network/).check();
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.getByText("Delivered: the receiver answered 204").waitFor();
    const secret = (await dialog.locator("pre").first().innerText()).trim();
    assert.match(secret, /^whsec_/);
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("row", { name: /hook/ }).click();
    await page.getByRole("dialog").getByText("Good", { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes(secret), "the secret is shown again");
    assert.ok(got.length > 0 && got.every(Boolean), "the test was not signed");
    await end();
  } finally {
    server.close();
  }
});
