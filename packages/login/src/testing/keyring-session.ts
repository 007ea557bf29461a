// A D-Bus session of its own with an unlocked GNOME keyring in it, as a person's desktop has one.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Why this machine cannot run one; null when it can. */
export function keyringMissing(): string | null {
  if (process.platform !== "linux") return "a Secret Service is had on Linux alone";
  for (const program of ["dbus-run-session", "gnome-keyring-daemon"]) {
    if (spawnSync(program, ["--version"]).error !== undefined) {
      return `${program} is not installed (Debian: apt-get install dbus gnome-keyring)`;
    }
  }
  return null;
}

/** Starts a program inside a session whose files are under `folder`; the session ends with it. */
export function spawnInKeyringSession(
  folder: string,
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): ChildProcess {
  const runtime = join(folder, "run");
  const data = join(folder, "data");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  mkdirSync(data, { recursive: true });
  const script =
    'printf test-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec "$@"';
  return spawn("dbus-run-session", ["--", "sh", "-c", script, "sh", ...command], {
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      XDG_DATA_HOME: data,
      XDG_RUNTIME_DIR: runtime,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
