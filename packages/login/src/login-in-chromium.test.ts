// A person logs in with a real browser at a real issuer.
import { readFile } from "node:fs/promises";
import {
  type OauthIssuer,
  type TemporaryHome,
  startOauthIssuer,
  temporaryHome,
} from "@codex-ts/test-support";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultClientId } from "./authority.ts";
import {
  type AuthManager,
  type BrowserLogin,
  createAuthManager,
  startBrowserLogin,
} from "./index.ts";
import { faultPage, successPage } from "./login-pages.ts";
import { chromiumProgram, launchChromium } from "./testing/chromium.ts";

const program = chromiumProgram();
const missing =
  program === null ? "chromium is not installed (Debian: apt-get install chromium)" : null;

test("the checks on a build machine have a browser", () => {
  if (process.env["CI"] === undefined) return;
  expect(missing).toBeNull();
});

let browser: Browser;
let home: TemporaryHome;
let issuer: OauthIssuer;
let manager: AuthManager;
let page: Page;

beforeAll(async () => {
  if (program !== null) browser = await launchChromium(program);
}, 60_000);
afterAll(async () => {
  await browser?.close();
});

async function begin(forcedWorkspaceId?: string): Promise<BrowserLogin> {
  return await startBrowserLogin({
    manager,
    issuer: issuer.url,
    ports: [0],
    openBrowser: null,
    env: {},
    forcedWorkspaceId,
  });
}

/** What a person sees of a page, and whether all of it fits on their screen. */
async function seen() {
  const { innerWidth, scrollWidth } = await page.evaluate<{
    innerWidth: number;
    scrollWidth: number;
  }>("({ innerWidth, scrollWidth: document.documentElement.scrollWidth })");
  return {
    title: await page.title(),
    heading: await page.getByRole("heading").innerText(),
    fits: scrollWidth <= innerWidth,
  };
}

describe.skipIf(missing !== null)(`in Chromium${missing === null ? "" : `: ${missing}`}`, () => {
  beforeEach(async () => {
    home = await temporaryHome();
    issuer = await startOauthIssuer({ clientId: defaultClientId });
    manager = createAuthManager({ codexHome: home.codexHome, env: {}, issuer: issuer.url });
    page = await browser.newPage();
  });
  afterEach(async () => {
    await page.close();
    await manager[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  test("a click at the issuer logs in, and the login is renewed there", async () => {
    await using login = await begin();
    await page.goto(login.authUrl);
    await page.getByRole("button", { name: "Continue as kim@test" }).click();
    await page.waitForURL(`http://localhost:${login.port}/success`);
    expect(await seen()).toEqual({ title: "Signed in", heading: "Signed in", fits: true });
    await login.wait();
    expect(JSON.parse(await readFile(home.join(".codex/auth.json"), "utf8"))).toMatchObject({
      auth_mode: "chatgpt",
      OPENAI_API_KEY: null,
      tokens: { account_id: "ws-42" },
    });
    const before = await manager.auth();
    await manager.refreshToken();
    expect([issuer.renewals, issuer.reuses]).toEqual([1, 0]);
    expect(await manager.auth()).not.toEqual(before);
  });

  test("a login for another workspace ends on a page that says so, and nothing is stored", async () => {
    await using login = await begin("ws-43");
    const outcome = login.wait().catch((error: unknown) => error);
    await page.goto(login.authUrl);
    await page.getByRole("button").click();
    await page.waitForURL(/auth\/callback/);
    expect(await seen()).toEqual({
      title: "Sign-in was not completed",
      heading: "Sign-in was not completed",
      fits: true,
    });
    expect(await page.getByRole("main").innerText()).toMatch(/workspace ws-43 only/);
    expect(await outcome).toMatchObject({ code: "login_denied" });
    expect(await manager.auth()).toBeNull();
  });

  test.each(["light", "dark"] as const)("every page can be read in %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 360, height: 640 });
    for (const html of pages) {
      await page.setContent(html);
      expect((await seen()).fits).toBe(true);
      expect(await page.evaluate<number>(lowestContrast)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

const pages = [
  successPage({ needsSetup: false, url: "" }),
  successPage({ needsSetup: true, url: "https://platform.test/org-setup?p=pro" }),
  faultPage({ code: "token_exchange_failed", message: "x".repeat(200), description: null }),
  faultPage({
    code: "access_denied",
    message: "Codex is not switched on for your workspace",
    description: "missing_codex_entitlement",
  }),
  faultPage({ code: "access_denied", message: "m", description: "the person <b>declined</b>" }),
];

/** The lowest contrast of a text with what is behind it (WCAG 2.2, 1.4.3). */
const lowestContrast = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (part) => ((part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  const ratio = (element) => {
    const [high, low] = [parse(getComputedStyle(element).color), behind(element)]
      .map(luminance).sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  return Math.min(...[...document.querySelectorAll("h1, p, dt, dd, a")].map(ratio));
})()`;
