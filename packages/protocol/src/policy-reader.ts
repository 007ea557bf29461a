// Approval and sandbox policies, as readers.
import type { AskForApproval, GranularApproval, ReadOnlyAccess, SandboxPolicy } from "./policy.ts";
import {
  boolean,
  list,
  object,
  optional,
  required,
  string,
  tagged,
  word,
  type Reader,
} from "./field-reader.ts";

const approvalWord = word("untrusted", "on-failure", "on-request", "never");
const granularApproval = object<Extract<AskForApproval, object>>({
  granular: required(
    object<GranularApproval>({
      sandbox_approval: required(boolean),
      rules: required(boolean),
      mcp_elicitations: required(boolean),
      skill_approval: optional(boolean),
      request_permissions: optional(boolean),
    }),
  ),
});
export const askForApproval: Reader<AskForApproval> = (value) =>
  typeof value === "string" ? approvalWord(value) : granularApproval(value);

const readOnlyAccess = tagged<ReadOnlyAccess>({
  "full-access": {},
  restricted: {
    include_platform_defaults: optional(boolean),
    readable_roots: optional(list(string)),
  },
});

export const sandboxPolicy = tagged<SandboxPolicy>({
  "danger-full-access": {},
  "read-only": { access: optional(readOnlyAccess), network_access: optional(boolean) },
  "external-sandbox": { network_access: optional(word("restricted", "enabled")) },
  "workspace-write": {
    writable_roots: optional(list(string)),
    read_only_access: optional(readOnlyAccess),
    network_access: optional(boolean),
    exclude_tmpdir_env_var: optional(boolean),
    exclude_slash_tmp: optional(boolean),
  },
});
