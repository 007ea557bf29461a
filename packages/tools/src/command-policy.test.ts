import type { AskForApproval, SandboxPermissions, SandboxPolicy } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { type CommandPolicyRequest, fallbackCommandPolicy } from "./command-policy.ts";

const fullAccess: SandboxPolicy = { type: "danger-full-access" };
const readOnly: SandboxPolicy = { type: "read-only" };
const external: SandboxPolicy = { type: "external-sandbox" };
const granular = (sandbox_approval: boolean): AskForApproval => ({
  granular: { sandbox_approval, rules: true, mcp_elicitations: true },
});
const policies: readonly AskForApproval[] = [
  "untrusted",
  "on-failure",
  "on-request",
  granular(true),
  granular(false),
  "never",
];

const ordinary = ["cargo", "build"];
const harmless = ["ls", "-la"];
const dangerous = ["rm", "-rf", "x"];

/** The verdict's kind for each approval policy. */
function verdicts(
  argv: readonly string[],
  sandboxPolicy: SandboxPolicy,
  sandboxPermissions: SandboxPermissions = "use_default",
): string[] {
  return policies.map((approvalPolicy) => {
    const request: CommandPolicyRequest = {
      argv,
      approvalPolicy,
      sandboxPolicy,
      sandboxPermissions,
      trustedPrograms: [],
    };
    return fallbackCommandPolicy(request).kind;
  });
}

describe("fallbackCommandPolicy", () => {
  // The columns:      untrusted on-failure on-request granular(true) granular(false) never
  test.each([
    ["ordinary, full access", ordinary, fullAccess, "ask run run run run run"],
    ["ordinary, external", ordinary, external, "ask run run run run run"],
    ["ordinary, restricted", ordinary, readOnly, "ask run run run run run"],
    ["harmless, restricted", harmless, readOnly, "run run run run run run"],
    ["dangerous, full access", dangerous, fullAccess, "ask ask ask ask forbidden run"],
    ["dangerous, external", dangerous, external, "ask ask ask ask forbidden run"],
    ["dangerous, restricted", dangerous, readOnly, "ask ask ask ask forbidden forbidden"],
  ])("%s", (_name, argv, sandbox, expected) => {
    expect(verdicts(argv, sandbox).join(" ")).toBe(expected);
  });

  test("asking for more than the sandbox allows is put to the person, but not for what is harmless", () => {
    expect(verdicts(ordinary, readOnly, "require_escalated").join(" ")).toBe(
      "ask run ask ask forbidden run",
    );
    expect(verdicts(harmless, readOnly, "require_escalated").join(" ")).toBe(
      "run run run run run run",
    );
    expect(verdicts(ordinary, fullAccess, "require_escalated").join(" ")).toBe(
      "ask run run run run run",
    );
  });

  test("a shell script is as harmless as all of its commands", () => {
    const judge = (script: string) => verdicts(["bash", "-lc", script], readOnly)[0];
    expect(judge("ls && pwd | wc -l")).toBe("run");
    expect(judge("ls && cargo build")).toBe("ask");
    expect(judge("cat <<'EOF' > /tmp/x\nEOF")).toBe("ask");
    expect(judge("cat a && touch b")).toBe("ask");
  });

  test("the person's own shell is trusted wherever it is", () => {
    const request: CommandPolicyRequest = {
      argv: ["/home/kim/.nix/bash", "-lc", "ls"],
      approvalPolicy: "untrusted",
      sandboxPolicy: readOnly,
      sandboxPermissions: "use_default",
      trustedPrograms: [],
    };
    expect(fallbackCommandPolicy(request).kind).toBe("ask");
    const trusting = { ...request, trustedPrograms: ["/home/kim/.nix/bash"] };
    expect(fallbackCommandPolicy(trusting).kind).toBe("run");
  });
});
