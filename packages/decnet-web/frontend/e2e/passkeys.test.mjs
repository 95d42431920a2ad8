// SPDX-License-Identifier: MIT
/** Passkeys in a real browser, with Chromium's virtual authenticator (DevTools protocol, domain WebAuthn). */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { base, link, pageOf } from "./harness.mjs";

/** The dashboard by a name, for an address can have no passkeys; the browser looks for it where the fleet listens. */
const { hostname, port } = new URL(base);
const named = `http://localhost:${port}`;

let browser;

after(async () => {
  await browser?.close();
});

test("a passkey is made, logs in without password, and is useless once it is removed", async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--host-resolver-rules=MAP localhost ${hostname}`,
    ],
  });
  const context = await browser.newContext({ baseURL: named });
  const page = await pageOf(context);
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  const forget = async () => {
    await context.clearCookies();
    await page.goto("/login");
  };

  await page.goto((await link("analyst")).replace(base, named));
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.goto("/account");
  await page.getByLabel("Name, e.g. where it is kept").fill("<b>laptop</b>");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("<b>laptop</b>").first().waitFor();
  await forget();

  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  const session = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  assert.deepEqual([session.account.name, session.log_in, session.passkeys], ["analyst", "passkey", 1]);

  await page.goto("/account");
  await page.getByRole("button", { name: "Remove passkey" }).click();
  await page
    .getByRole("alertdialog")
    .or(page.getByRole("dialog"))
    .getByRole("button", { name: "Remove passkey" })
    .click();
  await page.getByText("No passkey yet").waitFor();
  await forget();
  const refused = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/session/passkey"));
  await page.getByRole("button", { name: "Use a passkey" }).click();
  assert.equal((await refused).status(), 401);
  await page.getByRole("alert").waitFor();
});
