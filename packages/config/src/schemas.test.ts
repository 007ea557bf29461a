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
import type { z } from "zod";
import { expect, expectTypeOf, test } from "vitest";
import type * as parts from "./schema-parts.ts";
import { configTomlSchema, mcpServerSchema } from "./schemas.ts";

test("the words of the schemas are those of the shared types", () => {
  expectTypeOf<z.infer<typeof parts.reasoningEffort>>().toEqualTypeOf<ReasoningEffort>();
  expectTypeOf<z.infer<typeof parts.reasoningSummary>>().toEqualTypeOf<ReasoningSummaryMode>();
  expectTypeOf<z.infer<typeof parts.verbosity>>().toEqualTypeOf<Verbosity>();
  expectTypeOf<z.infer<typeof parts.personality>>().toEqualTypeOf<Personality>();
  expectTypeOf<z.infer<typeof parts.serviceTier>>().toEqualTypeOf<ServiceTier>();
  expectTypeOf<z.infer<typeof parts.webSearchMode>>().toEqualTypeOf<WebSearchMode>();
  expectTypeOf<z.infer<typeof parts.approvalsReviewer>>().toEqualTypeOf<ApprovalsReviewer>();
  expectTypeOf<z.infer<typeof parts.sandboxMode>>().toEqualTypeOf<SandboxMode>();
  expectTypeOf<Extract<z.infer<typeof parts.approvalPolicy>, string>>().toEqualTypeOf<
    Extract<AskForApproval, string>
  >();
});

test("a whole file is parsed, unknown keys are dropped, providers get their defaults", () => {
  const parsed = configTomlSchema.parse({
    model: "m",
    later: 1,
    model_providers: { a: { name: "A" } },
  });
  expect(parsed).toMatchObject({ model: "m", model_providers: { a: { request_max_retries: 4 } } });
  expect(Object.keys(parsed).toSorted()).toEqual(["model", "model_providers"]);
});

test("a single server is parsed as written", () => {
  expect(mcpServerSchema.parse({ url: "u", startup_timeout_ms: 5 })).toEqual({
    url: "u",
    startup_timeout_ms: 5,
  });
  expect(mcpServerSchema.safeParse({ url: 1 }).success).toBe(false);
});
