// request_permissions: asks the person for permissions ahead of the commands that need them.
import type { JsonValue } from "@codex-ts/protocol";
import { abortedText } from "./aborted-text.ts";
import { mayAskForPermissions } from "./approval-policy.ts";
import { functionSpec } from "./function-spec.ts";
import { permissionsSchema } from "./permissions-schema.ts";
import { asksForNothing, readProfile } from "./permission-profile.ts";
import { type PermissionsAnswer, type Tool, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";

/**
 * Makes `request_permissions`: asks the person for network or files beyond the sandbox, for a turn
 * or the session.
 */
export function createRequestPermissionsTool(): Tool {
  return {
    name: "request_permissions",
    spec: functionSpec({
      name: "request_permissions",
      description:
        "Asks the user for permissions beyond the sandbox: the network, or files and folders to read or to write. What the user grants holds for the commands and patches that follow, until the turn or the session ends; the answer says what was granted.",
      properties: {
        reason: { type: "string", description: "What the permissions are needed for, briefly." },
        permissions: permissionsSchema(),
      },
      required: ["permissions"],
    }),
    parallel: false,
    claims: () => [],
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context, signal) {
      const args = ToolArguments.ofCall(call);
      const wanted = args.object("permissions");
      wanted.allowOnly("network", "file_system");
      const permissions = readProfile(wanted, context.cwd, context.childEnv["HOME"]);
      if (asksForNothing(permissions)) {
        throw new ToolError(
          "respond",
          "request_permissions needs at least one permission to ask for",
        );
      }
      if (!mayAskForPermissions(context.approvalPolicy)) {
        return answer({ permissions: {}, scope: "turn" });
      }
      const reason = args.optionalString("reason") ?? null;
      const granted = await context.askPermissions(
        { callId: call.callId, reason, permissions },
        signal,
      );
      signal.throwIfAborted();
      context.grants.grant(granted.permissions, granted.scope);
      return answer(granted);
    },
  };
}

function answer({ permissions, scope }: PermissionsAnswer): { body: string; success: boolean } {
  const value = { permissions, scope } as unknown as JsonValue;
  return { body: JSON.stringify(value), success: true };
}
