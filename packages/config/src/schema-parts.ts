// The pieces that the config schemas are built from.
import type {
  ApprovalsReviewer,
  AskForApproval,
  Personality,
  ReasoningEffort,
  ReasoningSummaryMode,
  SandboxMode,
  ServiceTier,
  Verbosity,
  WebSearchMode,
} from "@codex-ts/protocol";
import { z } from "zod";

export const text = z.string();
export const texts = z.array(text);
export const textMap = z.record(z.string(), text);
export const flag = z.boolean();
export const whole = z.int();
export const count = z.int().min(0);
export const atLeastOne = z.int().min(1);
export const seconds = z.number().min(0);
export const anything = z.record(z.string(), z.unknown());

/** A path; by the time that it is checked it has been made absolute. */
export const path = z
  .string()
  .refine((value) => !value.includes("\0"), { error: "a path cannot hold a NUL byte" })
  .meta({
    id: "Path",
    description:
      "A path. `~` stands for the home folder; a relative path starts at the folder of the file that holds it.",
  });

/** A key that need not be written, with the line that an editor shows for it. */
export function key<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
): z.ZodOptional<Schema> {
  return z.optional(schema).describe(description);
}

export const reasoningEffort = z.enum([
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
] satisfies ReasoningEffort[]);

export const reasoningSummary = z.enum([
  "auto",
  "concise",
  "detailed",
  "none",
] satisfies ReasoningSummaryMode[]);

export const verbosity = z.enum(["low", "medium", "high"] satisfies Verbosity[]);
export const personality = z.enum(["none", "friendly", "pragmatic"] satisfies Personality[]);
export const serviceTier = z.enum(["fast", "flex"] satisfies ServiceTier[]);
export const webSearchMode = z.enum(["disabled", "cached", "live"] satisfies WebSearchMode[]);

export const approvalsReviewer = z.enum([
  "user",
  "guardian_subagent",
] satisfies ApprovalsReviewer[]);

export const sandboxMode = z.enum([
  "read-only",
  "workspace-write",
  "danger-full-access",
] satisfies SandboxMode[]);

export const approvalPolicy = z.union([
  z.enum(["untrusted", "on-failure", "on-request", "never"] satisfies AskForApproval[]),
  z.object({
    granular: z.object({
      sandbox_approval: key(flag, "Ask before a command leaves the sandbox."),
      rules: key(flag, "Ask where a rule says to ask."),
      mcp_elicitations: key(flag, "Pass questions of MCP servers on."),
      skill_approval: key(flag, "Ask before a skill's script runs."),
      request_permissions: key(flag, "Pass the model's requests for permissions on."),
    }),
  }),
]);

export const trustLevel = z.enum(["trusted", "untrusted"]);

export const features = z.record(z.string(), flag);
