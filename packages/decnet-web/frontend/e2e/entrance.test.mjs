// SPDX-License-Identifier: MIT
/** Logging in by a one-time link, deep links, and an attack that the page shows before it is over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, attack, base, browser, leave, link, pageOf, screenshot, visit } from "./harness.mjs";

test("a one-time link logs in once", async () => {
  const address = await link("viewer");
  const context = await (await browser()).newContext();
  const page = await pageOf(context);
  await page.goto(address);
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  const cookies = await context.cookies();
  assert.ok(cookies.length > 0 && cookies.every((one) => one.httpOnly && one.sameSite === "Strict"), JSON.stringify(cookies));
  assert.ok(!page.url().includes("link="), "the link stays in the address");
  await context.close();
  const other = await (await browser()).newContext();
  const again = await pageOf(other);
  const refused = again.waitForResponse((answer) => answer.url().endsWith("/api/v1/session/link"));
  await again.goto(address);
  assert.equal((await refused).ok(), false);
  assert.deepEqual(await other.cookies(), []);
  await other.close();
});

test("single sign-on leads back to the page that was asked for, with the role of the provider's groups", async () => {
  const context = await (await browser()).newContext({ baseURL: base });
  const page = await pageOf(context);
  await page.goto("/attackers?since=7d");
  await page.waitForURL((url) => url.pathname === "/login");
  await page.getByRole("link", { name: /Single sign-on/ }).click();
  await page.waitForURL((url) => url.pathname === "/attackers" && url.search.includes("since=7d"));
  await page.getByRole("row").nth(1).waitFor();
  const session = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  assert.deepEqual([session.account.name, session.role, session.log_in], ["nina", "analyst", "oidc"]);
  const cookies = await context.cookies(base);
  assert.ok(cookies.every((one) => one.httpOnly && one.sameSite === "Strict"), JSON.stringify(cookies));
  await context.close();
});

test("without a session every page leads to the log-in", async () => {
  const { page, end } = await visit("/attackers", { role: null, expected: [/401/] });
  await page.waitForURL((url) => url.pathname === "/login");
  await end();
});

test("the overview shows an attack before it is over", async () => {
  const { page, end } = await visit("/", { role: "viewer" });
  await page.locator("main").waitFor();
  let over = false;
  const attacked = attack("127.9.5.1", { stay: true }).finally(() => {
    over = true;
  });
  await Promise.race([page.getByText("127.9.5.1").first().waitFor(), attacked]);
  assert.equal(over, false, "the attacker left before it was shown");
  await screenshot(page, "overview-live");
  await accessible(page);
  await leave("127.9.5.1");
  assert.deepEqual(await attacked, { entered: true });
  await end();
});

test("nothing of the dashboard comes from elsewhere", async () => {
  const { page, end } = await visit("/", { role: "viewer" });
  const origins = await page.evaluate(() => performance.getEntriesByType("resource").map((one) => new URL(one.name).origin));
  assert.deepEqual([...new Set(origins)], [new URL(base).origin]);
  await end();
});
