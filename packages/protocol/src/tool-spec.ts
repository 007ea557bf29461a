// Tool declarations as they stand in a request's `tools`.
import type { JsonValue } from "./json.ts";

/** The subset of JSON Schema that tool parameters use. */
export interface ToolSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: { readonly [name: string]: ToolSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ToolSchema;
  readonly items?: ToolSchema;
  readonly enum?: readonly JsonValue[];
  readonly [keyword: string]: unknown;
}

/** A tool with JSON parameters, in a request's `tools`. */
export interface FunctionToolSpec {
  readonly type: "function";
  readonly name: string;
  readonly description: string;
  readonly strict: false;
  /** The tool is not offered to the model, which finds it by searching. */
  readonly defer_loading?: true;
  readonly parameters: ToolSchema;
}

/** A tool whose input is text of a grammar; the Responses API's `custom` tool. */
export interface FreeformToolSpec {
  readonly type: "custom";
  readonly name: string;
  readonly description: string;
  readonly format: {
    readonly type: "grammar";
    readonly syntax: "lark";
    /** The grammar, in Lark. */
    readonly definition: string;
  };
}

/**
 * One tool in the `tools` of a Responses API request. The kinds without a name are the provider's
 * own.
 */
export type ToolSpec =
  | FunctionToolSpec
  | FreeformToolSpec
  | { readonly type: "local_shell" }
  | {
      readonly type: "tool_search";
      readonly execution: "client";
      readonly description: string;
      readonly parameters: ToolSchema;
    }
  | {
      readonly type: "web_search";
      /** False: only pages that the provider has kept. */
      readonly external_web_access?: boolean;
      readonly filters?: { readonly allowed_domains?: readonly string[] };
      readonly user_location?: {
        readonly type: "approximate";
        readonly country?: string;
        readonly region?: string;
        readonly city?: string;
        readonly timezone?: string;
      };
      readonly search_context_size?: "low" | "medium" | "high";
      readonly search_content_types?: readonly ("text" | "image")[];
    }
  | { readonly type: "image_generation"; readonly output_format: "png" };
