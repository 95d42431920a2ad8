// SPDX-License-Identifier: MIT
/** Identities: recognised by a key, split by an analyst who sees before what it does, and undone. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { accessible, attack, decnet, screenshot, until, visit } from "./harness.mjs";

const [FIRST, SECOND, THIRD] = ["127.9.3.1", "127.9.3.2", "127.9.3.3"];

async function identityOf(address) {
  try {
    return JSON.parse(await decnet("identity", "show", address, "--json"));
  } catch {
    return null; // it has shown nothing yet
  }
}

/** Wait until an address is with those, and nobody else. */
const members = (address, wanted) =>
  until(async () => {
    const found = (await identityOf(address))?.members.map((one) => one.subject) ?? [];
    assert.deepEqual(found.sort(), [...wanted].sort());
    return true;
  });

before(async () => {
  // Nothing but their key: whoever fetches from the same host as others is taken for one with them.
  const alone = { key: "groups", passwords: ["admin123"], commands: ["w"] };
  await attack(FIRST, alone); // the one that was seen first is whom a split is from
  await Promise.all([SECOND, THIRD].map((source) => attack(source, alone)));
  await members(FIRST, [FIRST, SECOND, THIRD]);
});

test("the graph has the evidence on its edges, and a table that says the same", async () => {
  const { page, end } = await visit(`/identities/${FIRST}`, { role: "viewer" });
  await page.locator("canvas").first().waitFor();
  const table = page.getByRole("grid", { name: "The graph as a table" });
  const feature = table.getByRole("button", { name: /^ssh_key SHA256:/ }).first();
  await feature.focus();
  await page.keyboard.press("Enter");
  for (const address of [FIRST, SECOND, THIRD])
    await page.locator("section[aria-live] li", { hasText: address }).waitFor();
  await accessible(page);
  await screenshot(page, "identity");
  await page.getByRole("tab", { name: /^Members/ }).click();
  await page.getByRole("link", { name: THIRD, exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Split off" }).count(), 0, "a viewer decides nothing");
  await end();
});

test("an analyst splits an attacker off, and undoes it", async () => {
  const { page, end } = await visit(`/identities/${FIRST}?tab=members`, { role: "analyst" });
  await page
    .getByRole("row", { name: new RegExp(THIRD) })
    .getByRole("checkbox")
    .check();
  await page.getByRole("button", { name: "Split off" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`${THIRD} and ${FIRST} do not belong together`).waitFor();
  assert.equal((await identityOf(FIRST)).decisions.length, 0, "the preview wrote a decision");
  await dialog.getByLabel("Reason").fill("another's key, copied <script>window.pwned=1</script>");
  await accessible(page);
  await screenshot(page, "split");
  await dialog.getByRole("button", { name: "Split off" }).click();
  await dialog.waitFor({ state: "hidden" });
  await members(FIRST, [FIRST, SECOND]);

  await page.goto(`/identities/${FIRST}?tab=history`);
  await page
    .getByRole("row", { name: /split off/ })
    .getByRole("button", { name: "Undo" })
    .click();
  await dialog.getByText(/change \d+ is undone/).waitFor();
  await dialog.getByLabel("Reason").fill("it was one after all");
  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.waitFor({ state: "hidden" });
  await members(FIRST, [FIRST, SECOND, THIRD]);

  await page.goto(`/identities/${FIRST}?tab=decisions`);
  await page.getByText("another's key, copied <script>").first().waitFor();
  await end();
});

test("an analyst pins a member, and joins the group with another one", async () => {
  const others = ["127.9.3.4", "127.9.3.5"];
  await Promise.all(
    others.map((source) => attack(source, { key: "others", passwords: ["admin123"], commands: ["w"] })),
  );
  await members(others[0], others);
  const { page, end } = await visit(`/identities/${FIRST}?tab=members`, { role: "analyst" });
  const dialog = page.getByRole("dialog");
  await page
    .getByRole("row", { name: new RegExp(THIRD) })
    .getByRole("button", { name: "Pin" })
    .click();
  await dialog.getByText(`${THIRD} stays in this group`).waitFor();
  await dialog.getByLabel("Reason").fill("seen at the same desk");
  await dialog.getByRole("button", { name: "Pin" }).click();
  await dialog.waitFor({ state: "hidden" });

  await page.getByRole("button", { name: "Join with …" }).click();
  assert.ok(await dialog.getByRole("button", { name: "Join", exact: true }).isDisabled(), "with nobody");
  await dialog.getByLabel("With").fill(others[1]);
  await dialog.getByRole("region", { name: "What this does" }).getByText(others[1]).first().waitFor();
  await dialog.getByLabel("Reason").fill("one desk <script>window.pwned=1</script>");
  await accessible(page);
  await dialog.getByRole("button", { name: "Join", exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
  await members(FIRST, [FIRST, SECOND, THIRD, ...others]);
  await page.goto(`/identities/${FIRST}?tab=decisions`);
  await page.getByText(`${THIRD} stays in this group`).first().waitFor();
  await page.getByText("one desk <script>").first().waitFor();
  await end();
});
