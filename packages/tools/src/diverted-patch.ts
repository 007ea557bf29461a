// A patch that was written into a shell command is applied as a patch, not as a command.
import { resolve } from "@codex-ts/absolute-path";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { ApplyPatchError, parsePatch } from "@codex-ts/apply-patch";
import { extractApplyPatch } from "@codex-ts/shell-command";
import type { ExecOutput } from "./exec-output.ts";
import { type PatchRequest, runPatch } from "./run-patch.ts";
import { type ToolContext, ToolError } from "./tool.ts";

const ADVICE =
  "Warning: this patch was applied although it came through a shell command. Use the apply_patch tool for patches.\n";

/**
 * Applies the patch that `argv` consists of; null when it is an ordinary command.
 *
 * @throws ToolError when the patch is refused, or when `apply_patch` is missing before it.
 */
export async function runDivertedPatch(
  command: CommandWithPatch,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ExecOutput | null> {
  const patch = patchInCommand(command);
  if (patch === null) return null;
  const result = await runPatch(patch, context, signal);
  return { ...result, output: result.output + ADVICE };
}

export interface CommandWithPatch {
  readonly callId: string;
  readonly argv: readonly string[];
  readonly cwd: AbsolutePath;
  readonly approveInside: boolean;
}

/**
 * The patch that a command consists of; null when it is an ordinary command.
 *
 * @throws ToolError when `apply_patch` is missing before it.
 */
export function patchInCommand(command: CommandWithPatch): PatchRequest | null {
  const found = extractApplyPatch(command.argv, isPatch);
  if (found.kind === "none") return null;
  if (found.kind === "implicit") {
    throw new ToolError(
      "respond",
      'apply_patch verification failed: a patch alone is not a command; call it as ["apply_patch", "PATCH"], or better use the apply_patch tool',
    );
  }
  return {
    callId: command.callId,
    text: found.body,
    cwd: found.directory === null ? command.cwd : resolve(found.directory, command.cwd),
    approveInside: command.approveInside,
  };
}

function isPatch(text: string): boolean {
  try {
    parsePatch(text);
    return true;
  } catch (error) {
    if (error instanceof ApplyPatchError) return false;
    throw error;
  }
}
