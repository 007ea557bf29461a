// Starts the process that renews the stored login, and waits for what comes of it.
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { TokenRefreshError } from "./errors.ts";
import { type RenewalOrder, decodeOutcome, encodeOrder } from "./renewal-order.ts";
import type { RenewalOutcome } from "./renewal.ts";

/** What the process takes to start and to end, on a machine that is busy. */
const graceMs = 10_000;

export interface RenewalChild {
  /** Null when no process could be had, or it has ended without saying what came of it. */
  readonly outcome: Promise<RenewalOutcome | null>;
  /** Lets it go on alone: from now on it does not keep this process alive. */
  letGo(): void;
}

/** Whether the executable of this process is Node, and not a program that has Node built in. */
export function canStartNode(): boolean {
  return /^node(?:js)?[\d.]*(?:\.exe)?$/i.test(basename(process.execPath));
}

/**
 * It gets a session of its own: neither what ends this process or its group, nor the end of the terminal,
 * ends it. Its environment is that of this process; what else it has to know is written to it.
 *
 * @throws Error when the system starts no process.
 */
export function startRenewalChild(order: Omit<RenewalOrder, "version">): RenewalChild {
  const child = spawn(process.execPath, [...flags(), programFile()], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  const { promise, resolve } = Promise.withResolvers<RenewalOutcome | null>();
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (output += part));
  child.once("close", () => resolve(decodeOutcome(output)));
  child.once("error", () => resolve(null));
  // Without a reader there is no process any more, and its end is what counts.
  child.stdin.on("error", () => {});
  child.stdin.end(encodeOrder(order));
  // It has a deadline itself, but may have been stopped.
  const timer = setTimeout(() => {
    letGo();
    const message = "the process that renews the ChatGPT login does not end; try again later";
    const error = new TokenRefreshError(/*refusal*/ null, message);
    resolve({ kind: "failed", error, isFinal: false });
  }, order.deadlineMs + graceMs);

  function letGo(): void {
    child.unref();
    for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
    timer.unref();
  }
  return { outcome: promise.finally(() => clearTimeout(timer)), letGo };
}

function programFile(): string {
  const name = isSource() ? "./renewal-process.ts" : "./renewal-process.js";
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Those of this process that decide whom a connection trusts, and where packages are looked for. */
function flags(): string[] {
  return [
    ...(isSource() ? ["--conditions=@codex-ts/source"] : []),
    ...process.execArgv.filter((flag) => /^--use-(?:bundled|openssl|system)-ca$/.test(flag)),
  ];
}

function isSource(): boolean {
  return import.meta.url.endsWith(".ts");
}
