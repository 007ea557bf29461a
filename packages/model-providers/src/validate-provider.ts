import { builtInProviderIds } from "./built-in-providers.ts";
import { ModelProviderError, blockOf } from "./errors.ts";
import type { ModelProvider } from "./model-provider.ts";

/** What is wrong with a block whose keys have the right types, without saying which block. */
export interface ProviderFault {
  readonly code: "conflicting_keys" | "invalid_value";
  /** Keys from the block's root. */
  readonly keys: readonly [string, ...string[]];
  readonly message: string;
}

/** The first fault of a block, or `undefined` when it can be used. */
export function findProviderFault(
  provider: Pick<
    ModelProvider,
    "auth" | "env_key" | "experimental_bearer_token" | "requires_openai_auth"
  >,
): ProviderFault | undefined {
  const { auth } = provider;
  if (auth === undefined) return undefined;
  if (auth.command.trim() === "") {
    return {
      code: "invalid_value",
      keys: ["auth.command"],
      message: "`auth.command` is blank; name the program that prints the token",
    };
  }
  const conflicts = conflictsWithAuth(provider);
  if (isNotEmpty(conflicts)) {
    const listed = conflicts.map((key) => `\`${key}\``).join(", ");
    return {
      code: "conflicting_keys",
      keys: conflicts,
      message: `\`auth\` cannot stand together with ${listed}; keep one way to authenticate`,
    };
  }
  if (auth.timeout_ms < 1) {
    return {
      code: "invalid_value",
      keys: ["auth.timeout_ms"],
      message: "`auth.timeout_ms` is below 1; give the command some milliseconds to run",
    };
  }
  return undefined;
}

function conflictsWithAuth(
  provider: Pick<ModelProvider, "env_key" | "experimental_bearer_token" | "requires_openai_auth">,
): string[] {
  const conflicts: string[] = [];
  if (provider.env_key !== undefined) conflicts.push("env_key");
  if (provider.experimental_bearer_token !== undefined) conflicts.push("experimental_bearer_token");
  if (provider.requires_openai_auth) conflicts.push("requires_openai_auth");
  return conflicts;
}

function isNotEmpty<T>(items: readonly T[]): items is readonly [T, ...T[]] {
  return items.length > 0;
}

/**
 * Checks a definition for keys that exclude each other and values out of range; `providerId` names
 * the block in the message.
 *
 * @throws ModelProviderError `conflicting_keys` or `invalid_value`, for the first fault.
 */
export function validateProvider(providerId: string, provider: ModelProvider): void {
  const fault = findProviderFault(provider);
  if (fault === undefined) return;
  throw new ModelProviderError(fault.code, `${blockOf(providerId)}: ${fault.message}`, {
    providerId,
    key: fault.keys.join(", "),
  });
}

/** @throws ModelProviderError `reserved_id` when a user's block has the id of a built-in provider. */
export function refuseReservedIds(ids: readonly string[]): void {
  const taken = builtInProviderIds.filter((id) => ids.includes(id));
  if (taken.length === 0) return;
  const listed = taken.map((id) => `\`${id}\``).join(", ");
  throw new ModelProviderError(
    "reserved_id",
    `model_providers: ${listed} cannot be redefined, because built-in providers have these ids; rename your entry (for example \`${taken[0]}-custom\`) and set model_provider to the new name`,
    { providerId: taken.join(", ") },
  );
}
