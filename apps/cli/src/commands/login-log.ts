// What logins came to, for whoever has to find out why one does not work. No secret gets here: the texts
// are those that the person has seen.
import { appendFile, mkdir } from "node:fs/promises";
import nodePath from "node:path";

/** Appends lines with their time to `codex-login.log`; a log that cannot be written stops no login. */
export function openLoginLog(folder: string): (line: string) => Promise<void> {
  return async (line) => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = nodePath.join(folder, "codex-login.log");
      await appendFile(file, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
    } catch {
      // The login itself says what matters.
    }
  };
}
