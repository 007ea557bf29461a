// A patch from its text to its events: verify, judge, ask, apply.
import { type AbsolutePath, basename, join, parent } from "@codex-ts/absolute-path";
import {
  ApplyPatchError,
  applyPlan,
  formatSummary,
  localFiles,
  type Patch,
  type PatchPlan,
  parsePatch,
  planPatch,
} from "@codex-ts/apply-patch";
import type { FileChange, PatchApplyStatus } from "@codex-ts/protocol";
import type { PathAccess } from "@codex-ts/sandboxing";
import { askForApproval } from "./approvals.ts";
import { confinedFiles } from "./confined-files.ts";
import type { ExecOutput } from "./exec-output.ts";
import type { DecisionContext } from "./decide-command.ts";
import { judgePatch, type PatchVerdict } from "./patch-safety.ts";
import { readableFiles } from "./readable-paths.ts";
import { turnAccess } from "./sandbox-context.ts";
import { type ToolContext, ToolError } from "./tool.ts";

export interface PatchRequest {
  readonly callId: string;
  readonly text: string;
  /** What the paths of the patch start from. */
  readonly cwd: AbsolutePath;
  /** Under the `untrusted` policy: apply unasked what stays inside the writable roots. */
  readonly approveInside: boolean;
}

const REJECTED_BY_USER = "patch rejected by user";

/**
 * Applies a patch, all or nothing, in this process.
 *
 * @returns the summary with exit code 0, or what went wrong while writing with exit code 1.
 * @throws ToolError when it cannot be verified, or is refused; nothing has changed then.
 */
export async function runPatch(
  request: PatchRequest,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ExecOutput> {
  const started = context.processes.now();
  const { patch, plan, verdict, access } = await decidePatch(request, context, signal);
  if (verdict.kind === "reject") throw new ToolError("respond", verdict.reason);
  const changes = Object.fromEntries(plan.changes);
  context.emit({
    type: "patch_apply_begin",
    call_id: request.callId,
    turn_id: context.turnId,
    auto_approved: verdict.kind === "apply",
    changes,
  });
  const finish = (status: PatchApplyStatus, output: string): void =>
    context.emit({
      type: "patch_apply_end",
      call_id: request.callId,
      turn_id: context.turnId,
      stdout: status === "completed" ? output : "",
      stderr: status === "completed" ? "" : output,
      success: status === "completed",
      changes,
      status,
    });
  try {
    let agreed = plan;
    if (verdict.kind === "ask") {
      await askAboutPatch(request, plan, changes, verdict.reason, context, signal);
      agreed = await verifyAgain(request, plan, access, signal);
    }
    await context.turnDiff.track(changedPaths(agreed));
    const isWritable = verdict.kind === "ask" ? () => true : access.mayWriteReal;
    const files = { ...localFiles(), ...readableFiles(access) };
    await applyPlan(agreed, confinedFiles(isWritable, files), signal);
    for (const [from, to] of await moves(agreed)) context.turnDiff.moved(from, to);
  } catch (error) {
    if (error instanceof ToolError) {
      finish("declined", error.message);
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
    finish("failed", message);
    if (!(error instanceof ApplyPatchError)) throw error;
    return failed(message, context.processes.now() - started);
  }
  const summary = formatSummary(patch);
  finish("completed", summary);
  await announceTurnDiff(context);
  return {
    exitCode: 0,
    durationMs: context.processes.now() - started,
    timedOut: false,
    output: summary,
  };
}

/** A patch with what it would do, and what becomes of it. */
export interface DecidedPatch {
  readonly patch: Patch;
  readonly plan: PatchPlan;
  /** The files it would change that it may not write unasked. */
  readonly outside: readonly string[];
  readonly verdict: PatchVerdict;
  readonly access: PathAccess;
}

/**
 * Decides about a patch. It reads the files that the patch is for, and writes nothing.
 *
 * @throws ToolError when it cannot be verified
 */
export async function decidePatch(
  request: PatchRequest,
  context: DecisionContext,
  signal: AbortSignal,
): Promise<DecidedPatch> {
  const access = turnAccess(context);
  const { patch, plan } = await verify(request, access, signal);
  const outside = [
    ...new Set([
      ...plan.touched.filter((path) => !access.mayWrite(path)),
      ...changedPaths(plan).filter((path) => !access.mayWriteReal(path)),
    ]),
  ];
  const verdict = judgePatch(outside, context.approvalPolicy, request.approveInside);
  return { patch, plan, outside, verdict, access };
}

function failed(message: string, durationMs: number): ExecOutput {
  return { exitCode: 1, durationMs, timedOut: false, output: message };
}

async function announceTurnDiff(context: ToolContext): Promise<void> {
  const diff = await context.turnDiff.unifiedDiff();
  if (diff !== null) context.emit({ type: "turn_diff", unified_diff: diff });
}

async function verify(
  request: PatchRequest,
  access: PathAccess,
  signal: AbortSignal,
): Promise<{ readonly patch: Patch; readonly plan: PatchPlan }> {
  try {
    const patch = parsePatch(request.text);
    return { patch, plan: await planPatch(patch, request.cwd, readableFiles(access), signal) };
  } catch (error) {
    if (!(error instanceof ApplyPatchError)) throw error;
    if (error.cause instanceof ToolError) throw error.cause;
    throw new ToolError("respond", `apply_patch verification failed: ${error.message}`, {
      cause: error,
    });
  }
}

/** Files may have changed while the person thought; the patch may not have come to mean other files. */
async function verifyAgain(
  request: PatchRequest,
  plan: PatchPlan,
  access: PathAccess,
  signal: AbortSignal,
): Promise<PatchPlan> {
  const again = (await verify(request, access, signal)).plan;
  const isSame = changedPaths(again).join("\0") === changedPaths(plan).join("\0");
  if (isSame) return again;
  throw new ToolError(
    "respond",
    "patch rejected: the files that it changes are no longer those that were approved",
  );
}

async function askAboutPatch(
  request: PatchRequest,
  plan: PatchPlan,
  changes: Readonly<Record<string, FileChange>>,
  reason: string | null,
  context: ToolContext,
  signal: AbortSignal,
): Promise<void> {
  const question = {
    kind: "patch" as const,
    callId: request.callId,
    changes,
    reason,
    keys: plan.touched,
  };
  const approval = await askForApproval(question, context, signal);
  if (!approval.isApproved) throw new ToolError("respond", approval.message ?? REJECTED_BY_USER);
}

/** The real paths of all files that change. */
function changedPaths(plan: PatchPlan): readonly AbsolutePath[] {
  return [...new Set([...plan.removals, ...plan.writes].map(({ path }) => path))];
}

/** The renames of a plan, by real paths. */
async function moves(
  plan: PatchPlan,
): Promise<readonly (readonly [from: AbsolutePath, to: AbsolutePath])[]> {
  const found: (readonly [AbsolutePath, AbsolutePath])[] = [];
  for (const [from, change] of plan.changes) {
    if (change.type !== "update" || change.move_path === null) continue;
    found.push([await realEntry(from), await realEntry(change.move_path)]);
  }
  return found;
}

async function realEntry(path: AbsolutePath): Promise<AbsolutePath> {
  const folder = parent(path);
  return folder === null ? path : join(await localFiles().realPath(folder), basename(path));
}
