// Adds rules to the file that holds what a person has allowed or denied.
import { randomUUID } from "node:crypto";
import { appendFile, lstat, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { checkPrefix } from "./amendments.ts";
import { ExecPolicyError } from "./exec-policy-error.ts";
import { normalizeHost } from "./network-rules.ts";
import type { Decision, NetworkProtocol, RuleSource } from "./policy.ts";

/** How long saving may take. */
export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for others that write the file, in milliseconds; 5000 by default. */
  readonly timeout?: number | undefined;
}

/** A rule that is in the file. */
export interface SavedRule {
  /** Where the rule stands now. */
  readonly source: RuleSource;
  /** False if it stood there before. */
  readonly isNew: boolean;
}

/** A lock is written and removed within milliseconds: an older one belongs to a process that died. */
const staleAfter = 10_000;
const retryAfter = 20;

/**
 * Saves a rule that allows a prefix in `rules/default.rules` of the home folder of Codex, which must
 * exist. The same rule is not saved twice, and several processes may save at once.
 *
 * @throws ExecPolicyError `bad_amendment` for an empty prefix; `not_saved` when the file cannot be
 * written, or others write it for longer than `timeout`.
 */
export async function saveAllowedPrefix(
  codexHome: AbsolutePath,
  prefix: readonly string[],
  options: SaveOptions = {},
): Promise<SavedRule> {
  checkPrefix(prefix);
  return saveLine(codexHome, allowLine(prefix), options);
}

/** The line of a rules file that allows a prefix. */
export function allowLine(prefix: readonly string[]): string {
  const words = prefix.map((word) => JSON.stringify(word)).join(", ");
  return `prefix_rule(pattern=[${words}], decision="allow")`;
}

/** A network rule to save. */
export interface NetworkAmendment {
  /** One host without wildcards; a port and the case are dropped. */
  readonly host: string;
  readonly protocol: NetworkProtocol;
  readonly decision: Decision;
  readonly justification?: string | undefined;
}

/**
 * Saves a rule about a host, as {@link saveAllowedPrefix} does.
 *
 * @throws ExecPolicyError also `bad_amendment` for what is not one host, or a blank justification.
 */
export async function saveNetworkRule(
  codexHome: AbsolutePath,
  { host: text, protocol, decision, justification }: NetworkAmendment,
  options: SaveOptions = {},
): Promise<SavedRule> {
  const host = normalizeHost(text);
  if (host === null || !host.isWellFormed()) {
    const shown = JSON.stringify(text);
    throw new ExecPolicyError(
      "bad_amendment",
      `${shown} is not one host; name it without wildcards`,
    );
  }
  if (
    justification !== undefined &&
    (justification.trim() === "" || !justification.isWellFormed())
  ) {
    throw new ExecPolicyError("bad_amendment", "a justification must be a text that is not blank");
  }
  const values = {
    host,
    protocol,
    decision: decision === "forbidden" ? "deny" : decision,
    ...(justification !== undefined && { justification }),
  };
  const named = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return saveLine(codexHome, `network_rule(${named.join(", ")})`, options);
}

async function saveLine(
  codexHome: AbsolutePath,
  line: string,
  options: SaveOptions,
): Promise<SavedRule> {
  const folder = join(codexHome, "rules");
  const file = join(folder, "default.rules");
  try {
    await mkdir(folder).catch(ignore("EEXIST"));
    await using _lock = await lock(file, options);
    const text = await readRegularFile(file);
    const lines = text.split(/\r?\n/);
    const found = lines.indexOf(line);
    const isNew = found === -1;
    const isLineOpen = text !== "" && !text.endsWith("\n");
    if (isNew) {
      // One write at the end of the file, so that no other writer can lose by it.
      await appendFile(file, `${isLineOpen ? "\n" : ""}${line}\n`);
    }
    const index = isNew ? lines.length - (isLineOpen ? 0 : 1) : found;
    return { source: { layer: "user", file, line: index + 1 }, isNew };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ExecPolicyError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ExecPolicyError(
      "not_saved",
      `the rule could not be saved in ${file} (${why}); make the folder writable, or add the rule by hand`,
      { cause: error },
    );
  }
}

/** The text of the file; empty if it is missing. A link would not be read as rules later. */
async function readRegularFile(file: AbsolutePath): Promise<string> {
  const status = await lstat(file).catch(ignore("ENOENT"));
  if (status === undefined) return "";
  if (status.isFile()) return readFile(file, "utf8");
  throw new ExecPolicyError(
    "not_saved",
    `the rule could not be saved: ${file} is not a regular file, and only those are read as rules`,
  );
}

/**
 * Holds a file `FILE.lock` while a rule is saved. Node has no locks of the system's own; programs that
 * do not know this one are still safe, since rules are only ever appended.
 */
async function lock(
  file: AbsolutePath,
  { signal, timeout = 5000 }: SaveOptions,
): Promise<AsyncDisposable> {
  const path = `${file}.lock`;
  const owner = `${process.pid} ${randomUUID()}\n`;
  const deadline = performance.now() + timeout;
  for (;;) {
    signal?.throwIfAborted();
    const isTaken = await writeFile(path, owner, { flag: "wx" }).then(
      () => false,
      (error: unknown) => {
        ignore("EEXIST")(error);
        return true;
      },
    );
    if (!isTaken) break;
    await removeStaleLock(path);
    if (performance.now() > deadline) {
      throw new ExecPolicyError(
        "not_saved",
        `the rule could not be saved: another program keeps writing ${file}; if there is none, remove ${path}`,
      );
    }
    await sleep(retryAfter, undefined, { signal });
  }
  return {
    async [Symbol.asyncDispose]() {
      const holder = await readFile(path, "utf8").catch(ignore("ENOENT"));
      if (holder === owner) await rm(path, { force: true });
    },
  };
}

async function removeStaleLock(path: string): Promise<void> {
  const status = await stat(path).catch(ignore("ENOENT"));
  if (status === undefined || Date.now() - status.mtimeMs < staleAfter) return;
  // Of several that find it stale, one moves it away.
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(ignore("ENOENT"));
  await rm(aside, { force: true });
}

/** Turns an error with that code into undefined and throws all others. */
function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && "code" in error && error.code === code) return undefined;
    throw error;
  };
}
