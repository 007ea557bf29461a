// What the model is told about its sandbox and about approvals.
import type { AskForApproval, SandboxPolicy } from "@codex-ts/protocol";
import type { SplitPolicy } from "@codex-ts/sandboxing";
import type { SessionSettings } from "./turn-context.ts";
import type { FileAccess } from "./turn-sandbox.ts";

/** The permissions section of the context. */
export function permissionsText(
  {
    sandboxPolicy: sandbox,
    permissions,
    approvalPolicy: approval,
    approvalsReviewer: reviewer,
  }: Pick<
    SessionSettings,
    "sandboxPolicy" | "permissions" | "approvalPolicy" | "approvalsReviewer"
  >,
  access: FileAccess,
): string {
  const isWritable = sandbox.type === "workspace-write" || permissions !== undefined;
  return [
    "<permissions instructions>",
    permissions === undefined ? sandboxText(sandbox) : profileText(permissions, access),
    ...(isWritable ? pathList("Writable roots", access.writableRoots) : []),
    ...pathList("Not to be read, by commands and by your other tools", access.denied),
    approvalText(approval),
    ...(reviewer === "guardian_subagent" && approval !== "never" ? [GUARDIAN] : []),
    "</permissions instructions>",
  ].join("\n");
}

function pathList(title: string, paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [];
  return [`${title}: ${paths.map((path) => `\`${path}\``).join(", ")}.`];
}

function profileText(
  { fileSystem, network }: SplitPolicy,
  { readsAll, writesAll, writableRoots }: FileAccess,
): string {
  const reads =
    readsAll || fileSystem.kind !== "restricted"
      ? "files can be read"
      : "only the folders that it lists can be read";
  const writes = writesAll
    ? "all files can be changed"
    : writableRoots.length === 0
      ? "no file can be changed"
      : "files can be changed only below the writable roots, and there `.git`, `.codex` and `.agents` folders are read-only";
  return `A permission profile confines commands: ${reads}, and ${writes}. Network access is ${network}.`;
}

function sandboxText(policy: SandboxPolicy): string {
  switch (policy.type) {
    case "danger-full-access":
      return "Sandbox mode is `danger-full-access`: commands run without a sandbox. All files can be read and changed, and the network is enabled. Be careful: nothing stops a mistake.";
    case "external-sandbox":
      return `Sandbox mode is \`external-sandbox\`: an outer sandbox confines commands. Network access is ${policy.network_access ?? "restricted"}.`;
    case "read-only":
      return `Sandbox mode is \`read-only\`: ${readText(policy.access)}, and no file can be changed. Network access is ${networkText(policy.network_access)}.`;
    case "workspace-write":
      return `Sandbox mode is \`workspace-write\`: ${readText(policy.read_only_access)}; files can be changed only below the writable roots, and there \`.git\`, \`.codex\` and \`.agents\` folders are read-only. Network access is ${networkText(policy.network_access)}.`;
  }
}

function readText(access: { readonly type: string } | undefined): string {
  return access?.type === "restricted"
    ? "only the current folder and a few other folders can be read"
    : "all files can be read";
}

function networkText(enabled: boolean | undefined): string {
  return enabled === true ? "enabled" : "restricted";
}

const GUARDIAN =
  "Requests for approval are first judged by a reviewer agent, not by the user: a refusal is final for that action, so look for a safer way.";

const ESCALATION = [
  "To run a command outside the sandbox, call the tool with `sandbox_permissions` set to `require_escalated` and a `justification` that asks the user a short question.",
  "Do so when a command that matters for the task failed because of the sandbox (a file outside the writable roots, the network), or clearly cannot work inside it; do not work around a denial in another way.",
  "Ask before destructive actions that the user did not request.",
].join(" ");

function approvalText(policy: AskForApproval): string {
  if (typeof policy === "object") {
    const kinds: readonly (readonly [string, boolean])[] = [
      ["running outside the sandbox", policy.granular.sandbox_approval],
      ["commands that a rule puts to the user", policy.granular.rules],
      ["questions of MCP servers", policy.granular.mcp_elicitations],
      ["skills", policy.granular.skill_approval ?? false],
      ["extra permissions", policy.granular.request_permissions ?? false],
    ];
    const names = (asked: boolean): string =>
      kinds
        .filter(([, value]) => value === asked)
        .map(([name]) => name)
        .join("; ") || "nothing";
    return `Approval policy is \`granular\`. The user is asked about: ${names(/*asked*/ true)}. Refused without asking: ${names(/*asked*/ false)}. ${policy.granular.sandbox_approval ? ESCALATION : ""}`.trimEnd();
  }
  switch (policy) {
    case "never":
      return "Approval policy is `never`: the user is not asked. Do not set `sandbox_permissions`; such calls are refused. If the sandbox stands in the way, find another way inside it, or say in your answer what you could not do.";
    case "untrusted":
      return "Approval policy is `untrusted`: every command is put to the user before it runs, except for a small list of commands that only read.";
    case "on-failure":
      return "Approval policy is `on-failure`: commands run in the sandbox, and the user is asked whether a command that failed there may run again without it.";
    case "on-request":
      return `Approval policy is \`on-request\`: commands run in the sandbox without asking. ${ESCALATION}`;
  }
}
