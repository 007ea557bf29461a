/** What is wrong with a provider definition, or with the choice of one. */
export type ModelProviderErrorCode =
  /** A user's block has the id of a built-in provider. */
  | "reserved_id"
  /** Keys that exclude each other. */
  | "conflicting_keys"
  /** A key with a value of the wrong type or out of range, or a required key that is missing. */
  | "invalid_value"
  /** `wire_api = "chat"`. */
  | "removed_wire_api"
  /** An id that once was a built-in provider. */
  | "removed_provider"
  /** No provider has this id. */
  | "unknown_provider"
  /** The open-source mode was asked for and no provider was named. */
  | "no_oss_provider";

/** Where the fault is; see the fields of {@link ModelProviderError}. */
export interface ModelProviderErrorPlace {
  readonly providerId?: string | undefined;
  readonly key?: string | undefined;
}

/** Thrown for a provider definition that cannot be used. The message never holds a value that may be secret. */
export class ModelProviderError extends Error {
  override readonly name = "ModelProviderError";
  readonly code: ModelProviderErrorCode;
  /** The `<id>` of `[model_providers.<id>]`; several are joined by `, `. */
  readonly providerId: string | undefined;
  /** The key at fault, dotted below the block (`auth.command`); several are joined by `, `. */
  readonly key: string | undefined;

  constructor(
    code: ModelProviderErrorCode,
    message: string,
    { providerId, key }: ModelProviderErrorPlace = {},
  ) {
    super(message);
    this.code = code;
    this.providerId = providerId;
    this.key = key;
  }
}

/** The prefix that says which block of the configuration a message is about. */
export function blockOf(providerId: string): string {
  return `model_providers.${providerId}`;
}
