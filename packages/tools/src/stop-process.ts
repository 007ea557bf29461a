import type { EnvironmentProcess } from "@codex-ts/exec-server";
import { withinTime } from "./abort.ts";

/** How long a process may take to clean up after SIGTERM, in milliseconds. */
const TERM_GRACE_MS = 200;

/** Ends a process and its group: politely, then for good. Resolves when the process has exited. */
export async function stopProcess(process: EnvironmentProcess): Promise<void> {
  process.kill("SIGTERM");
  await withinTime(process.exited, TERM_GRACE_MS);
  process.kill("SIGKILL");
  await process.exited;
}
