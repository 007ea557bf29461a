// What an approval policy lets the tools ask.
import type { AskForApproval } from "@codex-ts/protocol";

/** The policy's name, as its values are written. */
export function approvalPolicyName(policy: AskForApproval): string {
  return typeof policy === "string" ? policy : "granular";
}

/** Whether the model may ask for a command to run with more than the sandbox allows. */
export function mayEscalate(policy: AskForApproval): boolean {
  return typeof policy === "string" ? policy === "on-request" : policy.granular.sandbox_approval;
}

/** Whether a person may be asked about commands and patches at all. */
export function mayAsk(policy: AskForApproval): boolean {
  return typeof policy === "string" ? policy !== "never" : policy.granular.sandbox_approval;
}

/** Whether a person may be asked to run a command again, unconfined, that the sandbox has stopped. */
export function mayAskToRetry(policy: AskForApproval): boolean {
  return mayAsk(policy) && policy !== "on-request";
}

/** Whether a person may be asked for permissions ahead of use. */
export function mayAskForPermissions(policy: AskForApproval): boolean {
  return typeof policy === "string"
    ? policy !== "never"
    : policy.granular.request_permissions === true;
}
