// The stand-alone command `apply_patch`: arguments and standard input in, texts and exit code out.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { applyPatch } from "./apply.ts";
import { PatchApplyError, PatchParseError } from "./errors.ts";
import type { PatchFileSystem } from "./files.ts";

/** The names under which the command is linked into PATH. */
export const applyPatchCommandNames: readonly string[] = ["apply_patch", "applypatch"];

/** The first argument by which a program that carries this command is told to be it. */
export const applyPatchFlag = "--codex-run-as-apply-patch";

/** Where the command's texts go; a `Writable` is one. */
export interface TextSink {
  write(text: string): unknown;
}

/**
 * One run of the command. Abort it with `signal`: {@link runApplyPatchCommand} then undoes what it
 * did and rejects.
 */
export interface ApplyPatchCommandOptions {
  /** What follows the program's name: the patch; nothing, to read it from `stdin`; or the flag and the patch. */
  readonly args: readonly string[];
  /** Read only when there are no arguments. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** The folder that relative paths of the patch start from. */
  readonly cwd: AbsolutePath;
  /** Gets the list of files; nothing when the patch fails. */
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** The local disk when missing. */
  readonly files?: PatchFileSystem | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the command and resolves to its exit code: 0 when the patch was applied (the files are listed
 * on `stdout`), 1 when it is not a patch or cannot be applied (one reason on `stderr`, and no file was
 * touched), 2 for a wrong call.
 *
 * @throws the signal's reason when aborted.
 */
export async function runApplyPatchCommand(options: ApplyPatchCommandOptions): Promise<number> {
  const { stderr } = options;
  const [first, second] = options.args;
  const isFlagged = first === applyPatchFlag;
  if (!isFlagged && options.args.length > 1) {
    stderr.write("Error: apply_patch takes exactly one argument, the patch.\n");
    return 2;
  }
  const text = isFlagged ? second : (first ?? (await readUtf8(options.stdin)));
  if (text === undefined || text === null) {
    stderr.write("Error: apply_patch needs a patch in UTF-8.\n");
    return 1;
  }
  if (text === "" && first === undefined) {
    stderr.write("Usage: apply_patch 'PATCH'\n       apply_patch < PATCH-FILE\n");
    return 2;
  }
  try {
    const { summary } = await applyPatch(text, options);
    options.stdout.write(summary);
    return 0;
  } catch (error) {
    const message = describe(error);
    if (message === null) throw error;
    stderr.write(`${message}\n`);
    return 1;
  }
}

function describe(error: unknown): string | null {
  if (error instanceof PatchParseError) {
    const where = error.line === null ? "Invalid patch" : `Invalid patch, line ${error.line}`;
    return `${where}: ${error.message}.`;
  }
  if (!(error instanceof PatchApplyError)) return null;
  if (error.code === "empty_patch") return "The patch has no sections: no files were modified.";
  return `Error: ${error.message}`;
}

async function readUtf8(stdin: AsyncIterable<Uint8Array | string>): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) {
    chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return null;
  }
}
