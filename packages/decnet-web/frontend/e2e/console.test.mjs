// SPDX-License-Identifier: MIT
/** Watching: log-in with a second step, overview, incidents, events and their live tail, the own account, users, audit. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import {
  accessible,
  attack,
  base,
  browser,
  decnet,
  fits,
  kill,
  pageOf,
  screenshot,
  settled,
  until,
  visit,
} from "./harness.mjs";

const PASSWORD = "correct horse battery staple 9";

/** The code of an authenticator (RFC 6238) so many steps of 30 s from now. */
function totp(secret, ahead = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a new user sets a password and a second step by a link, and logs in with both", async () => {
  const said = await decnet("user", "add", "newcomer");
  const [address] = /https?:\/\/\S+#link=\S+/.exec(said);
  const context = await (await browser()).newContext({ baseURL: base });
  const page = await pageOf(context);
  await page.goto(address);
  await page.getByRole("heading", { name: "Set a password" }).waitFor();
  await accessible(page);
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("The password is set").waitFor();
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByLabel("Your password").fill(PASSWORD);
  await page.getByRole("dialog").getByRole("button", { name: "Set up" }).click();
  const secret = await page.getByRole("dialog").locator("code").first().innerText();
  await accessible(page);
  await page.getByLabel("Code that the app shows").fill(totp(secret));
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes are left").waitFor();
  await screenshot(page, "account");
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL((url) => url.pathname === "/login");
  await page.getByLabel("User name").fill("newcomer");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await accessible(page);
  await screenshot(page, "login");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  // The code that switched it on was used: the next one is good already.
  await page.getByLabel("Code of the authenticator").fill(totp(secret, 1));
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  // Back to where the log-out was.
  await page.waitForURL((url) => url.pathname === "/account");
  await page.getByRole("heading", { name: "My account" }).waitFor();
  await context.close();
});

test("an incident is taken, noted and closed, and the audit says by whom", async () => {
  const { page, end } = await visit("/incidents", { role: "analyst" });
  await page.getByRole("row").nth(1).waitFor();
  await screenshot(page, "incidents");
  // By the keyboard alone: j goes to the first row, Enter opens it.
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/incidents\/\d+/);
  const number = new URL(page.url()).pathname.split("/").at(-1);
  await page.getByRole("heading", { level: 1, name: new RegExp(`\\b${number}\\b`) }).waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("analyst acknowledged it").first().waitFor();
  await page.getByLabel("Note").fill("<img src=x onerror=window.pwned=1> seen");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByText("<img src=x onerror=window.pwned=1> seen").first().waitFor();
  await accessible(page);
  await screenshot(page, "incident");
  await page.getByRole("main").getByRole("button", { name: "Close", exact: true }).click();
  await page.getByText("analyst closed it").first().waitFor();
  await end();
  const audit = await visit(`/audit?object=${number}`, { role: "admin" });
  await audit.page.getByText("incident.closed").first().waitFor();
  await audit.end();
});

test("a silence is added and ended", async () => {
  const { page, end } = await visit("/incidents?tab=silences", { role: "analyst" });
  await page.getByRole("button", { name: "Add silence" }).click();
  await page.getByLabel("Addresses or networks").fill("198.51.100.0/24");
  await page.getByLabel("Reason").fill("a test");
  await page.getByRole("dialog").getByRole("button", { name: "Add silence" }).click();
  await page.getByRole("row", { name: /198\.51\.100\.0\/24/ }).waitFor();
  await page.getByRole("button", { name: "End", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End", exact: true }).click();
  await page.getByText("Nothing is silenced").waitFor();
  await end();
});

test("the query box completes, says where a query is wrong, and keeps the search in the address", async () => {
  const { page, end } = await visit("/events?since=all", { role: "viewer", expected: [/422/] });
  const box = page.getByRole("combobox", { name: "Query of events" });
  await page.getByRole("row").nth(1).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("ki");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type("auth.att");
  await page.getByRole("option", { name: /auth\.attempt/ }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=kind/);
  // The events of the search before stay until those of this one have come.
  const kinds = page.locator("[data-row] > [role=gridcell]:nth-child(2)");
  await until(async () => {
    const found = await kinds.allInnerTexts();
    return found.length > 0 && found.every((one) => one === "auth.attempt");
  });
  await box.fill("colour:red");
  await box.press("Enter");
  await page.locator("mark", { hasText: "colour:red" }).waitFor();
  await accessible(page);
  await page.goBack();
  await end();
});

test("an event opens at its own address, with hostile text as text", async () => {
  const { page, end } = await visit('/events?since=all&q="window.pwned"', { role: "viewer" });
  await page.getByRole("row", { name: /pwned/ }).first().click({ position: { x: 5, y: 5 } });
  await page.waitForURL(/event=/);
  const dialog = page.getByRole("dialog");
  await dialog.getByText("pwned").first().waitFor();
  await accessible(page);
  await screenshot(page, "event");
  await end();
});

/** Wait until the page follows the stream. */
const isLive = (page) => page.getByRole("status").getByText("Live", { exact: true }).waitFor();

test("the live tail shows an attack while it happens, and once each after the api was killed", async () => {
  const { page, end } = await visit("/events?mode=live&q=src:127.9.2.0/24", { role: "viewer", expected: [/Failed to load/, /ERR_/, /50\d/] });
  await isLive(page);
  await attack("127.9.2.1", { user: "before", passwords: ["a1"] });
  await page.getByText("127.9.2.1").first().waitFor();
  await kill("api");
  await attack("127.9.2.2", { user: "after", passwords: ["a2"] });
  await page.getByText("127.9.2.2").first().waitFor();
  await isLive(page);
  const rows = await page.locator("[role=log] [data-row]").allInnerTexts();
  assert.ok(rows.length > 0);
  assert.deepEqual(rows, [...new Set(rows)], "an event was shown twice");
  await screenshot(page, "live-tail");
  await accessible(page);
  await end();
});

test("offline is said, and the page comes back by itself", async () => {
  const { page, context, end } = await visit("/", { role: "viewer", expected: [/Failed to load/, /ERR_/, /50\d/] });
  await isLive(page);
  await context.setOffline(true);
  await kill("api");
  await page.getByText("No connection to DECNET").waitFor();
  await screenshot(page, "offline");
  await context.setOffline(false);
  await isLive(page);
  await page.getByText("No connection to DECNET").waitFor({ state: "hidden" });
  await end();
});

test("a token is made, shown once and revoked", async () => {
  const { page, end } = await visit("/users?tab=tokens", { role: "admin" });
  await page.getByRole("button", { name: "Make token" }).click();
  await page.getByLabel("Name").fill("nightly export");
  await page.getByRole("dialog").getByRole("button", { name: "Make token" }).click();
  const secret = await page.getByRole("dialog").locator("code").innerText();
  const call = () => fetch(`${base}/api/v1/overview`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal((await call()).status, 200);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  const row = page.getByRole("row", { name: /nightly export/ });
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await row.getByText("Revoked").waitFor();
  assert.equal((await call()).status, 401);
  await end();
});

test("palette, help and g lead everywhere by keyboard", async () => {
  const { page, end } = await visit("/", { role: "viewer" });
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("127.9.7.1");
  await page.getByRole("option", { name: "Attacker 127.9.7.1" }).waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.waitForURL(/\/events/);
  await end();
});

const PAGES = ["/", "/incidents", "/incidents?tab=known", "/events?since=all", "/events?mode=live", "/account", "/users", "/users?tab=tokens", "/audit"];

// A theme is its colours alone (styles/tokens.css): what fits in one fits in the other.
const THEMES = { dark: [320, 768, 1440, 2560], light: [] };

for (const [theme, widths] of Object.entries(THEMES)) {
  test(`pages are accessible${widths.length ? " and fit every width" : ""} (${theme})`, async () => {
    for (const path of PAGES) {
      const { page, end } = await visit(path, { role: "admin", theme });
      await settled(page);
      for (const width of widths) {
        await fits(page, width, path);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      await accessible(page);
      await screenshot(page, `${theme}${path.replace(/\W+/g, "-")}`);
      await end();
    }
  });
}
