import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { makeTempHome } from "./testing/temp-home.ts";

describe("sandbox and approvals", () => {
  test("further writable folders are added once, and start at the session's folder", async () => {
    await using temp = await makeTempHome(
      `sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nwritable_roots = ["/data"]\nnetwork_access = true\nexclude_slash_tmp = true\n`,
    );
    const { config } = await temp.load({
      overrides: { flags: { additionalWritableRoots: ["/data", "more", "~/x", "more/."] } },
    });
    expect(config.sandboxPolicy).toEqual({
      type: "workspace-write",
      writable_roots: ["/data", join(temp.work, "more"), join(temp.home, "x")],
      network_access: true,
      exclude_tmpdir_env_var: false,
      exclude_slash_tmp: true,
    });
  });

  test("in a read-only sandbox they have no effect, and that is said", async () => {
    await using temp = await makeTempHome();
    const { config } = await temp.load({
      overrides: { flags: { additionalWritableRoots: ["more"] } },
    });
    expect([config.sandboxPolicy, config.startupWarnings]).toEqual([
      { type: "read-only" },
      ["The additional writable folders have no effect: the sandbox is read-only."],
    ]);
  });

  test("a granular policy says no to what it does not name", async () => {
    await using temp = await makeTempHome("approval_policy = { granular = { rules = true } }\n");
    expect((await temp.load()).config.approvalPolicy).toEqual({
      granular: {
        sandbox_approval: false,
        rules: true,
        mcp_elicitations: false,
        skill_approval: false,
        request_permissions: false,
      },
    });
  });

  test("on-failure works and is said to be deprecated", async () => {
    await using temp = await makeTempHome(`approval_policy = "on-failure"\n`);
    const { config } = await temp.load();
    expect([config.approvalPolicy, config.startupWarnings]).toEqual([
      "on-failure",
      ['The approval policy "on-failure" is deprecated; use "on-request" to be asked, or "never".'],
    ]);
  });

  test("what a managed file chooses, no flag can exceed", async () => {
    await using temp = await makeTempHome(`sandbox_mode = "danger-full-access"\n`);
    const file = await temp.write(
      "etc/managed_config.toml",
      `sandbox_mode = "workspace-write"\napproval_policy = "untrusted"\n`,
    );
    expect((await temp.load()).config).toMatchObject({
      sandboxMode: "workspace-write",
      approvalPolicy: "untrusted",
      startupWarnings: [],
    });
    const flags = { sandboxMode: "danger-full-access", approvalPolicy: "never" } as const;
    expect((await temp.load({ overrides: { flags } })).config).toMatchObject({
      sandboxMode: "read-only",
      approvalPolicy: "untrusted",
      startupWarnings: [
        `\`approval_policy\` is untrusted, not never: ${file} allows only untrusted.`,
        `\`sandbox_mode\` is read-only, not danger-full-access: ${file} allows only read-only, workspace-write.`,
      ],
    });
    const allowed = { sandboxMode: "workspace-write" } as const;
    expect((await temp.load({ overrides: { flags: allowed } })).config.sandboxMode).toBe(
      "workspace-write",
    );
  });

  test("a default that a limit does not allow is replaced without a word", async () => {
    await using temp = await makeTempHome();
    const { config } = await temp.load({
      requirements: {
        approvalPolicies: { values: ["never", "untrusted"], source: "the account" },
        sandboxModes: { values: ["read-only"], source: "the account" },
      },
    });
    expect([config.approvalPolicy, config.sandboxMode, config.startupWarnings]).toEqual([
      "never",
      "read-only",
      [],
    ]);
  });
});
