// SPDX-License-Identifier: MIT
/**
 * What tests in Chromium share. They are run by tests/decnet_web/browser, which starts a fleet, has it attacked and says
 * by the environment where everything is.
 *
 *     import { test } from "node:test";
 *     import { visit } from "./harness.mjs";
 *     test("the overview names the attackers", async () => {
 *       const { page, end } = await visit("/", { role: "viewer" });
 *       await page.getByText("127.9.8.1").first().waitFor();
 *       await end(); // fails when the page had errors, broke its security policy, or ran an attacker's text
 *     });
 *
 * DECNET_E2E_SLOW=6 makes each page's processor six times slower and its network as slow as a bad connection: what then
 * fails is a race, of the test or of the page.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

export const base = process.env.DECNET_E2E_URL;
const control = process.env.DECNET_E2E_CONTROL;
const block = process.env.DECNET_E2E_BLOCK;
export const WEB_01 = `127.77.${block}.10`;
const slow = Number(process.env.DECNET_E2E_SLOW ?? 1);
/** How long a state is waited for: it costs time only where it does not come. */
export const PATIENCE_MS = 60_000 * (1 + slow / 4);
const LATENCY_MS = 150;
const BYTES_A_SECOND = 1_000_000;

let running;
const sessions = new Map();

/** The one browser of a test file. */
export async function browser() {
  running ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--use-angle=swiftshader", // graphs are drawn with WebGL
      "--enable-unsafe-swiftshader",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
    ],
  });
  return running;
}

after(async () => {
  if (running) await (await running).close();
});

async function order(name, what) {
  const answer = await fetch(control, { method: "POST", body: JSON.stringify({ [name]: what }) });
  const result = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(result));
  return result;
}

/** Run `decnet ...` on the fleet; returns what it printed. */
export async function decnet(...args) {
  const done = await order("cli", args);
  assert.equal(done.status, 0, `decnet ${args.join(" ")}: ${done.err}${done.out}`);
  return done.out;
}

/** Log in to a decky over SSH from `source`: {user, passwords, commands, stay: whether until told to leave, key: the name of one}. */
export const attack = (source, options = {}) => order("attack", { source, ...options });

/** Have an attacker who stays leave. */
export const leave = (source) => order("leave", source);

/** Wait until the workers have handled all events that there are. */
export const handled = () => order("handled", null);

/** Ask a decky's web server for paths: {agent}. */
export const browse = (source, paths, options = {}) => order("browse", { source, paths, ...options });

/** Kill a worker's process; its supervisor starts it again. */
export const kill = (worker) => order("kill", worker);

/** A link that logs a user in once. */
export async function link(user) {
  const said = await decnet("user", "link", user);
  const found = /https?:\/\/\S+#link=\S+/.exec(said);
  assert.ok(found, said);
  return found[0];
}

/** Open a page that waits for states as long as they may take, slowed down if that was asked for. */
export async function pageOf(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  if (slow > 1) {
    const devtools = await context.newCDPSession(page);
    const network = { offline: false, latency: LATENCY_MS, downloadThroughput: BYTES_A_SECOND, uploadThroughput: BYTES_A_SECOND };
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: slow });
    await devtools.send("Network.emulateNetworkConditions", network);
  }
  return page;
}

/** Wait until `what` returns something true without an error, such as a failed assertion; returns it. */
export async function until(what) {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      const found = await what();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`not so within ${PATIENCE_MS / 1000} s: ${what}`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Wait until a page has its title and nothing on it is being loaded. */
export async function settled(page) {
  await page.locator("main h1").waitFor();
  await page.waitForFunction(() => !document.querySelector('main [role="status"][aria-label="Loading"]'));
}

/** Cookies of a session of the role's account, opened by a one-time link, once for a test file. */
async function cookies(role) {
  if (!sessions.has(role)) {
    sessions.set(
      role,
      (async () => {
        const context = await (await browser()).newContext();
        const page = await pageOf(context);
        await page.goto(await link(role));
        await page.waitForURL((url) => !url.pathname.startsWith("/login"));
        const found = await context.cookies();
        await context.close();
        return found;
      })(),
    );
  }
  return sessions.get(role);
}

/**
 * Open a page: {role: "viewer"|"analyst"|"admin"|null, width, height, theme: "dark"|"light"}. Returns {page, context,
 * end}; `end` closes it and fails when anything was wrong with it. `expected` are regular expressions of console errors
 * that the test causes on purpose; `prepare(page)` is called before the page is opened.
 */
export async function visit(
  path,
  { role = "admin", width = 1280, height = 800, theme = "dark", expected = [], prepare = async () => {} } = {},
) {
  const context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: theme, baseURL: base });
  if (role !== null) await context.addCookies(await cookies(role));
  const wrong = [];
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  const page = await pageOf(context);
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) wrong.push(`request: ${request.url()}`);
  });
  await prepare(page);
  await page.goto(path);
  const end = async () => {
    const found = await page.evaluate(() => ({ violations: window.violations ?? [], pwned: window.pwned }));
    await context.close();
    assert.equal(found.pwned, undefined, "an attacker's text ran");
    assert.deepEqual(found.violations, [], "the page broke its Content-Security-Policy");
    assert.deepEqual(
      wrong.filter((one) => !expected.some((pattern) => pattern.test(one))),
      [],
    );
  };
  return { page, context, end };
}

/** Keep a picture of the page. */
export async function screenshot(page, name) {
  await page.screenshot({ path: join(process.env.DECNET_SCREENSHOTS ?? ".", `${name}.png`), fullPage: false });
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fail when axe finds a serious violation of accessibility. */
export async function accessible(page) {
  await page.evaluate(await axeSource);
  const found = await page.evaluate(async () => {
    // What fades in has too little contrast until it is there.
    const passing = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(passing.map((one) => one.finished));
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations
      .filter((one) => one.impact === "serious" || one.impact === "critical")
      .map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  });
  assert.deepEqual(found, []);
}

/** Fails if a page stays too wide for its window: what follows its size (charts, maps) may do so later. */
export async function fits(page, width, what) {
  await page.setViewportSize({ width, height: 900 });
  await until(async () => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${what} at ${width} px is ${over} px too wide`);
    return true;
  });
}
