// The apply_patch tool: a patch as the whole input, or as an argument.
import {
  applyPatchDescription,
  applyPatchGrammar,
  applyPatchInstructions,
} from "@codex-ts/apply-patch";
import type { ToolSpec } from "@codex-ts/protocol";
import { abortedText } from "./aborted-text.ts";
import { structuredExecOutput } from "./exec-output.ts";
import { functionSpec } from "./function-spec.ts";
import { runPatch } from "./run-patch.ts";
import type { Tool, ToolCall } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

/** How `apply_patch` is offered and approved. */
export interface ApplyPatchToolOptions {
  /** How the tool is offered; it takes both kinds of calls either way. */
  readonly form: "freeform" | "function";
  /** Under the `untrusted` policy: apply patches unasked that stay inside the writable roots. */
  readonly approveInside?: boolean | undefined;
}

/**
 * Makes `apply_patch`: changes files by a patch, after approval where the files lie outside of what
 * may be written.
 */
export function createApplyPatchTool(options: ApplyPatchToolOptions): Tool {
  return {
    name: "apply_patch",
    spec: specOf(options.form),
    parallel: false,
    abortedText,
    accepts: (payload) => payload.kind !== "local_shell",
    async run(call, context, signal) {
      const result = await runPatch(
        {
          callId: call.callId,
          text: patchOf(call),
          cwd: context.cwd,
          approveInside: options.approveInside ?? false,
        },
        context,
        signal,
      );
      return {
        body: structuredExecOutput(result, context.truncation),
        success: result.exitCode === 0,
        forScript: result.exitCode === 0 ? { value: {} } : { error: result.output },
      };
    },
  };
}

function patchOf(call: ToolCall): string {
  return call.payload.kind === "custom"
    ? call.payload.input
    : ToolArguments.ofCall(call).string("input");
}

function specOf(form: "freeform" | "function"): ToolSpec {
  if (form === "freeform") {
    return {
      type: "custom",
      name: "apply_patch",
      description: applyPatchDescription,
      format: { type: "grammar", syntax: "lark", definition: applyPatchGrammar },
    };
  }
  return functionSpec({
    name: "apply_patch",
    description: applyPatchInstructions,
    properties: { input: { type: "string", description: "The whole patch." } },
    required: ["input"],
  });
}
