// The two ways to log in with ChatGPT. What they need is loaded by those who log in, not by everyone who
// imports this package.
import type { BrowserLogin, BrowserLoginOptions } from "./browser-login.ts";
import type { DeviceLoginOptions } from "./device-login.ts";

/**
 * Starts a login in the browser: listens on loopback, and opens the browser.
 *
 * @throws LoginError `port_in_use` or `login_failed`; `signal.reason` when already aborted.
 */
export async function startBrowserLogin(options: BrowserLoginOptions): Promise<BrowserLogin> {
  const flow = await import("./browser-login.ts");
  return await flow.startBrowserLogin(options);
}

/**
 * Logs in with a code that the person enters in a browser, on this machine or another one. Resolves
 * when the login is stored.
 *
 * @throws LoginError `device_login_unavailable`, `login_denied`, `login_failed`, `file_access`;
 * `signal.reason` when aborted.
 */
export async function loginWithDeviceCode(options: DeviceLoginOptions): Promise<void> {
  const flow = await import("./device-login.ts");
  await flow.loginWithDeviceCode(options);
}
