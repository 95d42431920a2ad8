// SPDX-License-Identifier: MIT
/** What attackers write into every field is text on every page about them; pages fit from 320 to 2560 px. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, decnet, fits, screenshot, settled, until, visit } from "./harness.mjs";

const TABS = ["summary", "timeline", "sessions", "commands", "credentials", "fingerprints", "techniques", "files", "intel", "identity"];
const SCRIPT = "<script>window.pwned=1</script>";
const IN_ADDRESS = encodeURIComponent(SCRIPT);
const LISTS = [
  "/attackers",
  "/sessions",
  "/credentials",
  "/credentials?tab=top&since=all",
  "/credentials?tab=reused",
  "/identities",
  "/campaigns",
  "/techniques?since=all",
  "/files",
  "/reports?since=all",
  "/search?q=127.9",
];

for (const attacker of ["127.9.7.1", "127.9.7.2", "127.9.7.3", "127.9.6.1", "127.9.6.7"]) {
  test(`nothing of ${attacker} runs`, async () => {
    const { page, end } = await visit(`/attackers/${attacker}`);
    for (const tab of TABS) {
      await page.goto(`/attackers/${attacker}?tab=${tab}`);
      await settled(page);
    }
    await end();
  });
}

test("what a session shows is text in the player and in the transcript", async () => {
  const { session } = await until(async () => {
    const sessions = JSON.parse(await decnet("sessions", "--attacker", "127.9.7.2", "--json"));
    return sessions.find((one) => one.recording);
  });
  const { page, end } = await visit(`/sessions/${session}`);
  const player = page.getByRole("region", { name: "Session player" });
  await player.waitFor();
  await player.getByRole("button").last().focus();
  await page.keyboard.press("End");
  await page.getByRole("tab", { name: "Transcript" }).click();
  await page.getByText(SCRIPT).first().waitFor();
  await end();
});

test("nothing in an address runs", async () => {
  for (const path of [
    `/attackers?q=${IN_ADDRESS}`,
    `/attackers?fingerprint=${IN_ADDRESS}&fingerprint_type=${IN_ADDRESS}`,
    `/attackers/${IN_ADDRESS}`,
    `/sessions/${IN_ADDRESS}`,
    `/sessions?user=${IN_ADDRESS}`,
    `/identities/${IN_ADDRESS}`,
    `/files/${IN_ADDRESS}`,
    `/techniques?technique=${IN_ADDRESS}`,
    `/search?q=${IN_ADDRESS}`,
  ]) {
    const { page, end } = await visit(path, { expected: [/status of 4\d\d/] });
    await settled(page);
    await end();
  }
});

for (const width of [320, 2560]) {
  test(`pages fit ${width} px`, async () => {
    const { page, end } = await visit("/attackers", { width, theme: width === 320 ? "light" : "dark" });
    for (const path of [...LISTS, "/attackers/127.9.8.1", "/attackers/127.9.7.2?tab=commands"]) {
      await page.goto(path);
      await settled(page);
      await fits(page, width, path);
      await accessible(page);
    }
    await screenshot(page, `findings-${width}`);
    await end();
  });
}
