// Schemas for what the configuration file holds; apart from the main entry, so that zod is loaded only here.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { z } from "zod";
import { ModelProviderError, blockOf } from "./errors.ts";
import {
  type ModelProvider,
  type ModelProviderAuth,
  type ModelProviderAuthInput,
  type ModelProviderInput,
  type ModelProviders,
  authDefaults,
  providerDefaults,
} from "./model-provider.ts";
import { withAuthFolder } from "./resolve-provider.ts";
import { findProviderFault, refuseReservedIds } from "./validate-provider.ts";

const count = z.int().min(0);
const texts = z.record(z.string(), z.string());

/** `[model_providers.<id>.auth]` */
export const modelProviderAuthSchema = z.object({
  command: z.string(),
  args: z.array(z.string()).default(() => [...authDefaults.args]),
  timeout_ms: z.int().min(1).default(authDefaults.timeout_ms),
  refresh_interval_ms: count.default(authDefaults.refresh_interval_ms),
  cwd: z.string().optional(),
});

const removedWireApi =
  '`wire_api = "chat"` is no longer supported; set `wire_api = "responses"` or remove the key, and use a server that offers the Responses API (https://platform.openai.com/docs/api-reference/responses)';

const wireApiSchema = z
  .literal("responses", {
    error: ({ input }) => (input === "chat" ? removedWireApi : 'the only value is "responses"'),
  })
  .default(providerDefaults.wire_api);

/** `[model_providers.<id>]`, with the defaults filled in. Unknown keys are dropped. */
export const modelProviderSchema = z
  .object({
    name: z.string(),
    base_url: z.string().optional(),
    env_key: z.string().optional(),
    env_key_instructions: z.string().optional(),
    experimental_bearer_token: z.string().optional(),
    auth: modelProviderAuthSchema.optional(),
    wire_api: wireApiSchema,
    query_params: texts.optional(),
    http_headers: texts.optional(),
    env_http_headers: texts.optional(),
    request_max_retries: count.default(providerDefaults.request_max_retries),
    stream_max_retries: count.default(providerDefaults.stream_max_retries),
    stream_idle_timeout_ms: count.default(providerDefaults.stream_idle_timeout_ms),
    websocket_connect_timeout_ms: count.default(providerDefaults.websocket_connect_timeout_ms),
    requires_openai_auth: z.boolean().default(providerDefaults.requires_openai_auth),
    supports_websockets: z.boolean().default(providerDefaults.supports_websockets),
  })
  .superRefine((provider, context) => {
    const fault = findProviderFault(provider);
    if (fault === undefined) return;
    context.addIssue({
      code: "custom",
      message: fault.message,
      path: fault.code === "invalid_value" ? fault.keys[0].split(".") : [fault.keys[0]],
      params: { code: fault.code, keys: fault.keys },
    });
  });

/** `[model_providers]`. Whether an id is reserved is checked by {@link parseModelProviders}. */
export const modelProvidersSchema = z.record(z.string(), modelProviderSchema);

/** How the paths of a block are read. */
export interface ParseProviderOptions {
  /** The folder of the file that holds the block; the token command's folder is resolved against it. */
  readonly base?: AbsolutePath | undefined;
  /** What a leading `~` stands for. */
  readonly home?: string | undefined;
}

/**
 * Parses one block.
 *
 * @throws ModelProviderError `invalid_value`, `conflicting_keys` or `removed_wire_api`.
 */
export function parseModelProvider(
  providerId: string,
  block: unknown,
  { base, home }: ParseProviderOptions = {},
): ModelProvider {
  const parsed = modelProviderSchema.safeParse(block);
  if (parsed.success) {
    return base === undefined ? parsed.data : withAuthFolder(parsed.data, base, { home });
  }
  throw providerErrorOf(providerId, parsed.error);
}

/**
 * Parses the whole `[model_providers]` table of a user.
 *
 * @throws ModelProviderError as {@link parseModelProvider}, and `reserved_id`.
 */
export function parseModelProviders(
  table: Readonly<Record<string, unknown>>,
  options: ParseProviderOptions = {},
): ModelProviders {
  refuseReservedIds(Object.keys(table));
  return Object.fromEntries(
    Object.entries(table).map(([id, block]) => [id, parseModelProvider(id, block, options)]),
  );
}

function providerErrorOf(providerId: string, error: z.ZodError): ModelProviderError {
  const [issue] = error.issues;
  if (issue === undefined) throw error;
  const path = issue.path.map(String).join(".");
  if (issue.code === "custom" && issue.params !== undefined) {
    const { code, keys } = issue.params as { code: "conflicting_keys"; keys: readonly string[] };
    return new ModelProviderError(code, `${blockOf(providerId)}: ${issue.message}`, {
      providerId,
      key: keys.join(", "),
    });
  }
  const code = issue.message === removedWireApi ? "removed_wire_api" : "invalid_value";
  const message = code === "removed_wire_api" ? issue.message : `\`${path}\`: ${issue.message}`;
  return new ModelProviderError(code, `${blockOf(providerId)}: ${message}`, {
    providerId,
    key: path,
  });
}

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly E[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
type Same<A, B> = [DeepReadonly<A>] extends [B]
  ? [B] extends [DeepReadonly<A>]
    ? true
    : false
  : false;

/** Fails to compile when a schema and its type drift apart. */
const schemasMatchTypes: readonly [
  Same<z.output<typeof modelProviderAuthSchema>, ModelProviderAuth>,
  Same<z.input<typeof modelProviderAuthSchema>, ModelProviderAuthInput>,
  Same<z.output<typeof modelProviderSchema>, ModelProvider>,
  Same<z.input<typeof modelProviderSchema>, ModelProviderInput>,
] = [true, true, true, true];
void schemasMatchTypes;
