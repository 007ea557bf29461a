import { readFile } from "node:fs/promises";
import { createRulebook } from "@codex-ts/exec-policy";
import type { AskForApproval, SandboxPolicy } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { afterAll, describe, expect, test } from "vitest";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { createRequestPermissionsTool } from "./request-permissions.ts";
import { createShellTool } from "./shell-tools.ts";
import type { PermissionsAnswer, PermissionsRequest, ToolContext } from "./tool.ts";
import { localTestEnvironment, type TestTurn, testTurn } from "./tool-context.fixture.ts";

const tool = createRequestPermissionsTool();
const shell = createShellTool(
  "shell",
  {
    allowLoginShell: false,
    additionalPermissions: false,
    approveInside: false,
    rules: createRulebook(),
  },
  /*offered*/ true,
);
const readOnly: SandboxPolicy = { type: "read-only" };
const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());

/** A turn whose person grants `answer` of whatever is asked. */
async function turnGranting(
  answer: (request: PermissionsRequest) => PermissionsAnswer,
  parts: Partial<ToolContext> = {},
): Promise<TestTurn & { readonly asked: PermissionsRequest[] }> {
  const asked: PermissionsRequest[] = [];
  const turn = testTurn(await temporaryDirectory(), {
    environment: local.environment,
    sandboxPolicy: readOnly,
    askPermissions: async (request) => {
      asked.push(request);
      return answer(request);
    },
    ...parts,
  });
  return Object.assign(turn, { asked });
}

const all = (request: PermissionsRequest): PermissionsAnswer => ({
  permissions: request.permissions,
  scope: "turn",
});

describe("request_permissions", () => {
  test("asks with real paths, answers with what is granted, and keeps it for the turn", async () => {
    await using turn = await turnGranting(all);
    await turn.folder.write({ "sub/file": "" });
    const permissions = { file_system: { write: [turn.folder.join("sub")] } };
    const output = await turn.run(tool, {
      reason: "to write",
      permissions: { file_system: { write: ["sub"] } },
    });
    expect(JSON.parse(String(output))).toEqual({ permissions, scope: "turn" });
    expect(turn.asked).toEqual([{ callId: "call-1", reason: "to write", permissions }]);
    expect(turn.context.grants.current()).toEqual(permissions);
  });

  test("what was granted lets commands and patches through, unasked and still confined", async () => {
    await using turn = await turnGranting(all);
    await turn.folder.write({ "sub/file": "" });
    await turn.run(tool, { permissions: { file_system: { write: ["sub"] } } });
    const command = ["/bin/sh", "-c", "echo x > sub/written; echo y > outside"];
    expect(await turn.run(shell, { command })).toMatch(/outside: Read-only file system/);
    expect(await readFile(turn.folder.join("sub/written"), "utf8")).toBe("x\n");
    const patch = "*** Begin Patch\n*** Add File: sub/patched\n+new\n*** End Patch";
    const patching = createApplyPatchTool({ form: "freeform" });
    expect(await turn.run(patching, { kind: "custom", input: patch })).toMatch(/Success/);
    expect(turn.questions).toEqual([]);
  });

  test("a refusal grants nothing", async () => {
    await using turn = await turnGranting(() => ({ permissions: {}, scope: "session" }));
    const output = await turn.run(tool, { permissions: { network: { enabled: true } } });
    expect(JSON.parse(String(output))).toEqual({ permissions: {}, scope: "session" });
    expect(turn.context.grants.current()).toBeUndefined();
  });

  test("is answered with nothing, unasked, where the policy does not let it ask", async () => {
    const silent: readonly AskForApproval[] = [
      "never",
      { granular: { sandbox_approval: true, rules: true, mcp_elicitations: true } },
    ];
    for (const approvalPolicy of silent) {
      await using turn = await turnGranting(all, { approvalPolicy });
      const output = await turn.run(tool, { permissions: { network: { enabled: true } } });
      expect(JSON.parse(String(output))).toEqual({ permissions: {}, scope: "turn" });
      expect(turn.asked).toEqual([]);
    }
  });

  test.each([
    [{ permissions: {} }, /at least one permission/],
    [{ permissions: { file_system: { write: [] } } }, /at least one permission/],
    [{ permissions: { macos: {} } }, /unknown field `permissions.macos`/],
    [{}, /missing field `permissions`/],
  ])("%j is refused", async (args, message) => {
    await using turn = await turnGranting(all);
    expect(await turn.run(tool, args)).toMatch(message);
    expect(turn.asked).toEqual([]);
  });

  test("a partial grant does not cover a wider request: that is asked about, with both", async () => {
    const granting = createShellTool(
      "shell",
      {
        allowLoginShell: false,
        additionalPermissions: true,
        approveInside: false,
        rules: createRulebook(),
      },
      /*offered*/ true,
    );
    await using turn = await turnGranting(all);
    await turn.folder.write({ "a/x": "", "b/x": "" });
    await turn.run(tool, { permissions: { file_system: { write: ["a"] } } });
    const inline = (folder: string) => ({
      command: ["/bin/sh", "-c", `echo x > ${folder}/x`],
      sandbox_permissions: "with_additional_permissions",
      additional_permissions: { file_system: { write: [folder] } },
    });
    expect(await turn.run(granting, inline("a"))).toMatch(/"exit_code":0/);
    expect(turn.questions).toEqual([]);
    // What is in a granted folder is granted with it, what the policy closes in it is not.
    await turn.folder.write({ "a/inner/x": "", "a/.git/x": "" });
    expect(await turn.run(granting, inline("a/inner"))).toMatch(/"exit_code":0/);
    expect(turn.questions).toEqual([]);
    turn.decisions.push("denied");
    expect(await turn.run(granting, inline("a/.git"))).toMatch(/rejected/);
    expect(turn.questions.splice(0)).toHaveLength(1);
    turn.decisions.push("approved");
    expect(await turn.run(granting, inline("b"))).toMatch(/"exit_code":0/);
    const both = { file_system: { write: [turn.folder.join("b"), turn.folder.join("a")] } };
    expect(turn.questions).toMatchObject([{ additionalPermissions: both }]);
  });
});
