// SPDX-License-Identifier: MIT
/** Attackers, sessions, techniques and files: a session is replayed, a technique drilled into, a file downloaded. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, attack, decnet, screenshot, until, visit } from "./harness.mjs";

const ATTACKER = "127.9.8.1";
const terminal = (page) => page.getByRole("group", { name: "Terminal, as the attacker saw it" });

const sessionOf = (attacker) =>
  until(async () => {
    const found = JSON.parse(await decnet("sessions", "--attacker", attacker, "--json"));
    return found.find((one) => one.recording);
  });

test("attackers lead to one, and its score is explained", async () => {
  const { page, end } = await visit("/attackers", { role: "viewer" });
  await page.getByRole("link", { name: ATTACKER, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: ATTACKER, exact: true }).waitFor();
  await page.getByRole("heading", { name: "What the score consists of" }).waitFor();
  await page.getByText("logged in, times").waitFor();
  await accessible(page);
  await screenshot(page, "attacker");
  await page.getByRole("tab", { name: /^Credentials/ }).click();
  await page.getByRole("link", { name: "admin123" }).click();
  await page.waitForURL(/credential=/);
  await page.getByRole("heading", { level: 1, name: "Attackers", exact: true }).waitFor();
  await page.getByRole("link", { name: "127.9.8.2", exact: true }).waitFor();
  const other = page.getByRole("link", { name: "127.9.9.1", exact: true }); // who had no password that was accepted
  await other.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Remove filter Credential" }).click();
  await other.waitFor();
  await end();
});

test("a session is replayed in its place, by mouse and by keyboard", async () => {
  const { page, end } = await visit(`/attackers/${ATTACKER}?tab=sessions`, { role: "viewer" });
  await page.getByRole("button", { name: "Replay" }).first().click();
  const player = page.getByRole("region", { name: "Session player" });
  const step = player.locator('[aria-current="step"]');
  await player.getByRole("button", { name: /cat \/etc\/passwd/ }).click();
  await step.filter({ hasText: /cat \/etc\/passwd$/ }).waitFor();
  await terminal(page).filter({ hasText: "uid=0(root)" }).waitFor(); // what id showed is there
  await player.getByRole("button", { name: "Previous command" }).click();
  await step.filter({ hasText: /id$/ }).waitFor();
  await accessible(page);
  await screenshot(page, "replay");
  await terminal(page).focus();
  await page.keyboard.press("Home");
  await step.waitFor({ state: "hidden" });
  await terminal(page).filter({ hasNotText: "uid=0" }).waitFor();
  await page.keyboard.press(">");
  await until(async () => (await player.getByLabel("Speed").inputValue()) === "2");
  await page.keyboard.press(" ");
  await step.filter({ hasText: "exit" }).waitFor(); // it plays to the last command
  await page.keyboard.press("]");
  await page.waitForURL(/session=/);
  await end();
});

test("a session has a page with its transcript and a link to each command", async () => {
  const session = await sessionOf(ATTACKER);
  const { page, end } = await visit(`/sessions/${session.session}?tab=transcript`, { role: "viewer" });
  await page.getByLabel("Transcript").filter({ hasText: "root:x:0:0" }).first().waitFor();
  await page.goto(`/sessions/${session.session}?command=2`);
  await page.getByRole("button", { name: /cat \/etc\/passwd/ }).waitFor();
  await page.locator('[aria-current="step"]', { hasText: "cat /etc/passwd" }).waitFor();
  await accessible(page);
  await end();
});

test("the timeline follows the zoom, and the list the timeline", async () => {
  const { page, end } = await visit(`/attackers/${ATTACKER}?tab=timeline`, { role: "viewer" });
  const plot = page.locator(".u-over").first();
  await plot.waitFor();
  await page.getByRole("row", { name: /session\.command/ }).first().waitFor();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + 5, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/since=.*until=/);
  await page.getByRole("button", { name: "Whole time" }).click();
  await page.waitForURL((url) => !url.search.includes("since="));
  await end();
});

test("the matrix is walked by keyboard, a technique drilled into, and the layer saved", async () => {
  const { page, end } = await visit("/techniques?since=all", { role: "viewer" });
  const matrix = page.getByRole("group", { name: /^Matrix/ });
  await matrix.waitFor();
  await matrix.locator('button[tabindex="0"]').focus();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  const first = await focused();
  await page.keyboard.press("ArrowRight");
  await until(async () => (await focused()) !== first);
  assert.ok(await matrix.evaluate((one) => one.contains(document.activeElement)), "the focus left the matrix");
  await page.keyboard.press("Enter");
  await page.waitForURL(/technique=T\d{4}/);
  await matrix.getByRole("button", { name: /^Unix Shell/ }).click();
  await page.getByRole("heading", { name: /T1059\.004/ }).waitFor();
  await page.getByRole("row", { name: new RegExp(ATTACKER.replaceAll(".", "\\.")) }).first().waitFor();
  await accessible(page);
  await screenshot(page, "matrix");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Navigator layer" }).click();
  const layer = JSON.parse(await readFile(await (await saved).path(), "utf8"));
  assert.ok(layer.techniques.some((one) => one.techniqueID === "T1059.004"));
  await page.getByRole("link", { name: "Its attackers" }).click();
  // The page before has links of that name, too, for as long as it is shown.
  await page.waitForURL((url) => url.pathname === "/attackers" && url.searchParams.get("technique") === "T1059.004");
  await page.getByRole("heading", { level: 1, name: "Attackers", exact: true }).waitFor();
  const attackers = page.getByRole("grid", { name: "Attackers", exact: true });
  await attackers.getByRole("link", { name: ATTACKER, exact: true }).first().waitFor();
  await end();
});

test("a file is downloaded after a warning, as an encrypted zip", async () => {
  await attack("127.9.4.9", { passwords: ["admin123"], commands: ["echo malware-of-4-9 > /tmp/run.sh"] });
  const file = await until(async () => {
    const files = JSON.parse(await decnet("files", "--json"));
    return files.find((one) => one.sighting?.attacker === "127.9.4.9" && one.path);
  });
  const { page, end } = await visit(`/files/${file.artifact.sha256}`, { role: "analyst" });
  await page.getByRole("button", { name: "Download" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText("most likely malware").waitFor();
  await accessible(page);
  const saved = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download encrypted zip" }).click();
  const content = await readFile(await (await saved).path());
  assert.equal(content.subarray(0, 4).toString("latin1"), "PK\x03\x04");
  assert.equal(content.readUInt16LE(6) & 1, 1, "the entry is not encrypted");
  assert.ok(!content.includes("malware-of-4-9"));
  await end();
});

test("one text is found in everything", async () => {
  const { page, end } = await visit("/search", { role: "viewer" });
  await page.getByRole("searchbox", { name: "What to search for" }).fill("127.9.8");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=127\.9\.8/);
  await page.getByRole("heading", { name: "Attackers" }).first().waitFor();
  await page.getByRole("link", { name: ATTACKER, exact: true }).first().waitFor();
  await accessible(page);
  await end();
});
