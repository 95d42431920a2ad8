// SPDX-License-Identifier: MIT
/** Attackers, sessions, techniques and files: a session is replayed, a technique drilled into, a file downloaded. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, attack, decnet, screenshot, visit } from "./harness.mjs";

const ATTACKER = "127.9.8.1";
const terminal = (page) => page.getByRole("group", { name: "Terminal, as the attacker saw it" });

async function until(what, attempts = 60) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`not so after ${attempts} attempts: ${what}`);
}

async function sessionOf(attacker) {
  const found = JSON.parse(await decnet("sessions", "--attacker", attacker, "--json"));
  return found.find((one) => one.recording);
}

test("attackers lead to one, and its score is explained", async () => {
  const { page, end } = await visit("/attackers", { role: "viewer" });
  await page.getByRole("link", { name: ATTACKER }).click();
  await page.getByRole("heading", { name: "What the score consists of" }).waitFor();
  await page.getByText("logged in, times").waitFor();
  await accessible(page);
  await screenshot(page, "attacker");
  await page.getByRole("tab", { name: /^Credentials/ }).click();
  await page.getByRole("link", { name: "admin123" }).click();
  await page.waitForURL(/credential=/);
  await page.getByRole("link", { name: "127.9.8.2" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "127.9.9.1", exact: true }).count(), 0);
  await page.getByRole("button", { name: "Remove filter Credential" }).click();
  await page.getByRole("link", { name: "127.9.9.1", exact: true }).waitFor();
  await end();
});

test("a session is replayed in its place, by mouse and by keyboard", async () => {
  const { page, end } = await visit(`/attackers/${ATTACKER}?tab=sessions`, { role: "viewer" });
  await page.getByRole("button", { name: "Replay" }).first().click();
  const player = page.getByRole("region", { name: "Session player" });
  const step = player.locator('[aria-current="step"]');
  await player.getByRole("button", { name: /cat \/etc\/passwd/ }).click();
  assert.match(await terminal(page).innerText(), /uid=0\(root\)/, "what id showed is there");
  await player.getByRole("button", { name: "Previous command" }).click();
  assert.match(await step.innerText(), /id$/);
  await accessible(page);
  await screenshot(page, "replay");
  await terminal(page).focus();
  await page.keyboard.press("Home");
  assert.doesNotMatch(await terminal(page).innerText(), /uid=0/);
  assert.equal(await step.count(), 0);
  await page.keyboard.press(">");
  assert.equal(await player.getByLabel("Speed").inputValue(), "2");
  await page.keyboard.press(" ");
  await step.filter({ hasText: "exit" }).waitFor(); // it plays to the last command
  await page.keyboard.press("]");
  assert.match(page.url(), /session=/);
  await end();
});

test("a session has a page with its transcript and a link to each command", async () => {
  const session = await sessionOf(ATTACKER);
  const { page, end } = await visit(`/sessions/${session.session}?tab=transcript`, { role: "viewer" });
  await until(async () => (await page.getByLabel("Transcript").first().innerText()).includes("root:x:0:0"));
  await page.goto(`/sessions/${session.session}?command=2`);
  await page.getByRole("button", { name: /cat \/etc\/passwd/ }).waitFor();
  const current = page.locator('[aria-current="step"]');
  await current.waitFor();
  assert.match(await current.innerText(), /cat \/etc\/passwd/);
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
  const first = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("ArrowRight");
  const second = await page.evaluate(() => document.activeElement.textContent);
  assert.notEqual(second, first);
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
  await page.getByRole("link", { name: ATTACKER, exact: true }).waitFor();
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
  await page.getByRole("heading", { name: "Attackers" }).waitFor();
  await page.getByRole("link", { name: ATTACKER, exact: true }).first().waitFor();
  await accessible(page);
  await end();
});
