// What becomes of a command, before anything of it runs: one value, with how it came about.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Amendment, CommandRequest, DecisionTrace, Rulebook } from "@codex-ts/exec-policy";
import type {
  AskForApproval,
  FileSystemSandboxPolicy,
  NetworkSandboxPolicy,
  SandboxPolicy,
} from "@codex-ts/protocol";
import type { Shell } from "@codex-ts/shell-command";
import type { CommandPermissions } from "./command-permissions.ts";
import type { PermissionGrants } from "./permission-grants.ts";

/** The part of a turn's circumstances by which commands are judged. */
export interface DecisionContext {
  /** The folder that the turn works in. */
  readonly cwd: AbsolutePath;
  readonly approvalPolicy: AskForApproval;
  readonly sandboxPolicy: SandboxPolicy;
  /** Says of files what the sandbox policy has no words for, and is enforced in its place. */
  readonly fileSystem?: FileSystemSandboxPolicy | undefined;
  /** The same for the network. */
  readonly network?: NetworkSandboxPolicy | undefined;
  /** The person's shell. */
  readonly shell: Shell;
  /** Whether the model may ask for a login shell. */
  readonly allowLoginShell: boolean;
  /** The whole environment of a child, after the shell environment policy. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** What a person granted for the turn or the session. */
  readonly grants: PermissionGrants;
}

/** A command that is to run, where, and what it asks for. */
export interface CommandInFolder {
  readonly argv: readonly string[];
  readonly cwd: AbsolutePath;
  readonly permissions: CommandPermissions;
}

/** Where a command runs, once it may: in the sandbox of the policy, or outside of any. */
export type Confinedness = "sandboxed" | "unconfined";

/** A verdict on a command. The trace names the layer, rule, file and line behind it. */
export type CommandDecision = { readonly trace: DecisionTrace } & (
  | {
      readonly kind: "run";
      readonly where: Confinedness;
      /** Whether it is to be held to looking, for which it runs like this. */
      readonly reliesOnLooking: boolean;
      /** To be offered if the sandbox stops it. */
      readonly amendment: Amendment | null;
    }
  | {
      readonly kind: "ask";
      /** For whoever decides: a rule's reason, else the model's own words. */
      readonly reason: string | null;
      /** Where it runs when it is approved. */
      readonly where: Confinedness;
      readonly amendment: Amendment | null;
    }
  /** `reason` is the model's answer. */
  | { readonly kind: "forbidden"; readonly reason: string }
);

/** Decides about a command. It reads and writes nothing, so it can also be asked just to know. */
export function decideCommand(
  rules: Rulebook,
  command: CommandInFolder,
  context: DecisionContext,
): CommandDecision {
  const { permissions } = command;
  const judgement = rules.judge(commandRequest(command, context));
  const { trace } = judgement;
  switch (judgement.kind) {
    case "forbidden":
      return { kind: "forbidden", reason: judgement.reason, trace };
    case "ask":
      return {
        kind: "ask",
        reason: judgement.reason ?? permissions.justification,
        where: permissions.sandboxPermissions === "require_escalated" ? "unconfined" : "sandboxed",
        amendment: judgement.amendment,
        trace,
      };
    case "run":
      return {
        kind: "run",
        where: judgement.bypassSandbox ? "unconfined" : "sandboxed",
        reliesOnLooking: judgement.reliesOnLooking,
        amendment: judgement.amendment,
        trace,
      };
  }
}

/** The question that a command is to the rules. */
export function commandRequest(
  { argv, cwd, permissions }: CommandInFolder,
  context: DecisionContext,
): CommandRequest {
  return {
    argv,
    cwd,
    approvalPolicy: context.approvalPolicy,
    sandboxPolicy: context.sandboxPolicy,
    sandboxPermissions: permissions.judgedAs,
    prefixRule: permissions.prefixRule,
    trustedPrograms: [context.shell.path],
  };
}
