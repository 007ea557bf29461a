import { link, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { parseAbsolutePath } from "@codex-ts/absolute-path";
import type { AskForApproval, SandboxPolicy } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { createApprovalCache } from "./approvals.ts";
import { type TestTurn, testTurn } from "./tool-context.fixture.ts";

const tool = createApplyPatchTool({ form: "freeform" });
const patch = (...lines: readonly string[]): string =>
  ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
const input = (text: string) => ({ kind: "custom", input: text }) as const;

/** The workspace is writable, temporary folders (where the tests' folders are) are not. */
const workspaceWrite: SandboxPolicy = {
  type: "workspace-write",
  exclude_slash_tmp: true,
  exclude_tmpdir_env_var: true,
};

const confined = async (approvalPolicy: AskForApproval = "on-request"): Promise<TestTurn> =>
  testTurn(await temporaryDirectory(), { sandboxPolicy: workspaceWrite, approvalPolicy });

describe("a patch inside the workspace", () => {
  test("is applied unasked, and told with its begin, its end and the turn's diff", async () => {
    await using turn = await confined();
    await turn.folder.write({ "a.txt": "one\ntwo\n" });
    const output = await turn.run(
      tool,
      input(
        patch(
          "*** Update File: a.txt",
          "@@",
          " one",
          "-two",
          "+2",
          "*** Add File: b/c.txt",
          "+new",
        ),
      ),
    );
    const summary = "Success. Updated the following files:\nA b/c.txt\nM a.txt\n";
    expect(JSON.parse(String(output))).toEqual({
      output: summary,
      metadata: { exit_code: 0, duration_seconds: expect.any(Number) },
    });
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("one\n2\n");
    expect(await readFile(turn.folder.join("b/c.txt"), "utf8")).toBe("new\n");
    const changes = {
      [turn.folder.join("a.txt")]: {
        type: "update",
        unified_diff: "@@ -1,2 +1,2 @@\n one\n-two\n+2\n",
        move_path: null,
      },
      [turn.folder.join("b/c.txt")]: { type: "add", content: "new\n" },
    };
    const scope = { call_id: "call-1", turn_id: "turn-1" };
    expect(turn.events).toEqual([
      { type: "patch_apply_begin", ...scope, auto_approved: true, changes },
      {
        type: "patch_apply_end",
        ...scope,
        stdout: summary,
        stderr: "",
        success: true,
        changes,
        status: "completed",
      },
      { type: "turn_diff", unified_diff: await turn.context.turnDiff.unifiedDiff() },
    ]);
  });

  test("may come as a function call with a custom form, and the other way round", async () => {
    await using turn = await confined();
    const add = (name: string): string => patch(`*** Add File: ${name}`, "+x");
    await turn.run(tool, { input: add("a") });
    await turn.run(createApplyPatchTool({ form: "function" }), input(add("b")));
    expect((await readdir(turn.folder.path)).sort()).toEqual(["a", "b"]);
  });

  test("that cannot be verified is answered with the reason, and nothing is touched or told", async () => {
    await using turn = await confined();
    await turn.folder.write({ "a.txt": "one\n" });
    const output = await turn.run(
      tool,
      input(patch("*** Add File: new.txt", "+x", "*** Update File: a.txt", "@@", "-missing", "+y")),
    );
    expect(output).toMatch(/^apply_patch verification failed: cannot find these lines in .*a\.txt/);
    expect(await readdir(turn.folder.path)).toEqual(["a.txt"]);
    expect(turn.events).toEqual([]);
    expect(await turn.run(tool, input("hello"))).toMatch(/^apply_patch verification failed: /);
    expect(await turn.run(tool, input(patch()))).toMatch(/the patch has no sections/);
  });

  test("to delete a folder or a missing file names the path", async () => {
    await using turn = await confined();
    await mkdir(turn.folder.join("sub"));
    expect(await turn.run(tool, input(patch("*** Delete File: sub")))).toMatch(
      /^apply_patch verification failed: cannot read .*sub/,
    );
    expect(await turn.run(tool, input(patch("*** Delete File: gone")))).toMatch(
      /cannot read .*gone/,
    );
  });

  test("that fails while it is written is undone and answered with exit code 1", async () => {
    await using turn = await confined();
    await turn.folder.write({ "a.txt": "one\n" });
    const text = patch("*** Update File: a.txt", "@@", "-one", "+two", "*** Add File: b", "+b");
    // Between verification and writing, someone else takes the new file's name.
    const { track } = turn.context.turnDiff;
    turn.context.turnDiff.track = async (paths) => {
      await mkdir(turn.folder.join("b"));
      await track(paths);
    };
    const output: unknown = JSON.parse(String(await turn.run(tool, input(text))));
    expect(output).toMatchObject({ metadata: { exit_code: 1 } });
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("one\n");
    expect(turn.eventsOf("patch_apply_end")).toMatchObject([{ status: "failed", success: false }]);
  });

  test("keeps the successful part of the turn in the turn's diff", async () => {
    await using turn = await confined();
    await turn.run(tool, input(patch("*** Add File: a.txt", "+one")));
    await turn.run(tool, input(patch("*** Update File: a.txt", "@@", "-no such line", "+x")));
    expect(await turn.context.turnDiff.unifiedDiff()).toContain("+++ b/");
    await turn.run(tool, input(patch("*** Update File: a.txt", "@@", "-one", "+two")));
    expect(turn.eventsOf("turn_diff").at(-1)?.unified_diff).toMatch(/new file mode[^]*\+two\n$/);
  });

  test("that moves a file is shown under both names", async () => {
    await using turn = await confined();
    await turn.folder.write({ "old.txt": "one\ntwo\n" });
    await turn.run(
      tool,
      input(
        patch("*** Update File: old.txt", "*** Move to: sub/new.txt", "@@", " one", "-two", "+2"),
      ),
    );
    expect(turn.eventsOf("turn_diff").at(-1)?.unified_diff).toMatch(
      /^diff --git a\/.*old\.txt b\/.*sub\/new\.txt\nindex /,
    );
  });

  test("cuts a hard link instead of writing through it", async () => {
    await using turn = await confined();
    await using other = await temporaryDirectory();
    await other.write({ "a.txt": "one\n" });
    await link(other.join("a.txt"), turn.folder.join("a.txt"));
    await turn.run(tool, input(patch("*** Update File: a.txt", "@@", "-one", "+two")));
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("two\n");
    expect(await readFile(other.join("a.txt"), "utf8")).toBe("one\n");
  });

  test("works in a folder that is reached through a symbolic link", async () => {
    await using turn = await confined();
    await using links = await temporaryDirectory();
    const cwd = links.join("work");
    await symlink(turn.folder.path, cwd);
    await using linked = testTurn(await temporaryDirectory(), {
      sandboxPolicy: workspaceWrite,
      cwd,
    });
    await linked.run(tool, input(patch("*** Add File: a.txt", "+one")));
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("one\n");
    expect(linked.questions).toEqual([]);
  });
});

describe("a patch outside the workspace", () => {
  const escape = patch("*** Add File: ../escaped.txt", "+x");

  test.each<AskForApproval>([
    "never",
    {
      granular: { sandbox_approval: false, rules: true, mcp_elicitations: true },
    },
  ])("is rejected where nobody may be asked: %j", async (approvalPolicy) => {
    await using turn = await confined(approvalPolicy);
    await turn.folder.write({ "a.txt": "one\n" });
    const move = patch("*** Update File: a.txt", "*** Move to: ../moved.txt", "@@", "-one", "+two");
    for (const text of [escape, move]) {
      expect(await turn.run(tool, input(text))).toMatch(
        /^patch rejected: it writes outside of the project, which the approval settings forbid: /,
      );
    }
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("one\n");
    expect(turn.events).toEqual([]);
  });

  test.each<AskForApproval>([
    "on-request",
    "on-failure",
    "untrusted",
    { granular: { sandbox_approval: true, rules: true, mcp_elicitations: true } },
  ])("is put to the person under %j, and applied when they agree", async (approvalPolicy) => {
    await using turn = await confined(approvalPolicy);
    const target = parseAbsolutePath("../escaped.txt", { base: turn.folder.path });
    turn.decisions.push("approved");
    await turn.run(tool, input(escape));
    expect(turn.questions).toEqual([
      {
        kind: "patch",
        callId: "call-1",
        changes: { [target]: { type: "add", content: "x\n" } },
        reason: `It changes files that the sandbox policy keeps read-only: ${target}`,
        keys: [target],
      },
    ]);
    expect(await readFile(target, "utf8")).toBe("x\n");
    expect(turn.eventsOf("patch_apply_begin")).toMatchObject([{ auto_approved: false }]);
    await rm(target);
  });

  test("is not applied when the person refuses", async () => {
    await using turn = await confined();
    turn.decisions.push("denied");
    expect(await turn.run(tool, input(escape))).toBe("patch rejected by user");
    expect(turn.eventsOf("patch_apply_end")).toMatchObject([
      { status: "declined", success: false, stderr: "patch rejected by user" },
    ]);
  });

  test("is recognised behind a symbolic link to a folder or a file", async () => {
    await using turn = await confined("never");
    await using other = await temporaryDirectory();
    await other.write({ "a.txt": "one\n" });
    await symlink(other.path, turn.folder.join("folder"));
    await symlink(other.join("a.txt"), turn.folder.join("file"));
    for (const text of [
      patch("*** Add File: folder/b.txt", "+x"),
      patch("*** Update File: file", "@@", "-one", "+two"),
    ]) {
      expect(await turn.run(tool, input(text))).toMatch(/^patch rejected: it writes outside/);
    }
    expect(await readFile(other.join("a.txt"), "utf8")).toBe("one\n");
    expect(await readdir(other.path)).toEqual(["a.txt"]);
  });

  test("includes the project's own protected folders", async () => {
    await using turn = await confined();
    turn.decisions.push("denied");
    await turn.run(tool, input(patch("*** Add File: .codex/config.toml", "+x = 1")));
    expect(turn.questions).toMatchObject([{ keys: [turn.folder.join(".codex/config.toml")] }]);
  });

  test("is judged by the policy alone where nothing is confined", async () => {
    await using turn = testTurn(await temporaryDirectory(), {
      sandboxPolicy: { type: "danger-full-access" },
    });
    await using other = await temporaryDirectory();
    await turn.run(tool, input(patch(`*** Add File: ${other.join("a.txt")}`, "+x")));
    expect(await readFile(other.join("a.txt"), "utf8")).toBe("x\n");
    expect(turn.questions).toEqual([]);
  });

  test("fails when the approved name has come to mean another file meanwhile", async () => {
    await using turn = await confined();
    await using other = await temporaryDirectory();
    await other.write({ "one/a.txt": "old\n", "two/a.txt": "old\n" });
    await symlink(other.join("one"), turn.folder.join("link"));
    await using asked = testTurn(await temporaryDirectory(), {
      cwd: turn.folder.path,
      sandboxPolicy: workspaceWrite,
      askApproval: async () => {
        await rm(turn.folder.join("link"));
        await symlink(other.join("two"), turn.folder.join("link"));
        return "approved";
      },
    });
    const text = patch("*** Update File: link/a.txt", "@@", "-old", "+new");
    expect(await asked.run(tool, input(text))).toMatch(/no longer those that were approved/);
    expect(await readFile(other.join("two/a.txt"), "utf8")).toBe("old\n");
  });
});

describe("approvals of patches", () => {
  test("untrusted asks for every patch, unless patches inside are let through", async () => {
    await using turn = await confined("untrusted");
    turn.decisions.push("approved");
    await turn.run(tool, input(patch("*** Add File: a", "+a")));
    expect(turn.questions).toMatchObject([{ reason: null }]);
    const lenient = createApplyPatchTool({ form: "freeform", approveInside: true });
    await turn.run(lenient, input(patch("*** Add File: b", "+b")));
    expect(turn.questions).toHaveLength(1);
    expect((await readdir(turn.folder.path)).sort()).toEqual(["a", "b"]);
  });

  test("a move has two keys; approved for the session, neither file is asked for again", async () => {
    await using turn = await confined("untrusted");
    await turn.folder.write({ "a.txt": "one\n" });
    turn.decisions.push("approved_for_session");
    await turn.run(
      tool,
      input(patch("*** Update File: a.txt", "*** Move to: b.txt", "@@", "-one", "+two")),
    );
    expect(turn.questions).toMatchObject([
      { keys: [turn.folder.join("a.txt"), turn.folder.join("b.txt")] },
    ]);
    await turn.run(tool, input(patch("*** Update File: b.txt", "@@", "-two", "+three")));
    expect(turn.questions).toHaveLength(1);
    expect(await readFile(turn.folder.join("b.txt"), "utf8")).toBe("three\n");
  });

  test("a file that changes while the person thinks is verified again", async () => {
    await using turn = await confined("untrusted");
    await turn.folder.write({ "a.txt": "one\ntwo\n" });
    await using asked = testTurn(await temporaryDirectory(), {
      cwd: turn.folder.path,
      sandboxPolicy: workspaceWrite,
      approvalPolicy: "untrusted",
      askApproval: async () => {
        await writeFile(turn.folder.join("a.txt"), "zero\none\ntwo\n");
        return "approved";
      },
    });
    await asked.run(tool, input(patch("*** Update File: a.txt", "@@", " one", "-two", "+2")));
    expect(await readFile(turn.folder.join("a.txt"), "utf8")).toBe("zero\none\n2\n");
  });

  test("an interrupt while the person thinks is answered as aborted, and ends the patch", async () => {
    const abort = new AbortController();
    await using turn = testTurn(await temporaryDirectory(), {
      sandboxPolicy: workspaceWrite,
      approvalPolicy: "untrusted",
      approvals: createApprovalCache(),
      askApproval: async () => {
        abort.abort();
        return "abort";
      },
    });
    const text = patch("*** Add File: a", "+a");
    expect(await turn.run(tool, input(text), { signal: abort.signal })).toMatch(
      /^aborted by user after 0\.1s$/,
    );
    expect(await readdir(turn.folder.path)).toEqual([]);
    expect(turn.eventsOf("patch_apply_end")).toHaveLength(1);
  });
});
