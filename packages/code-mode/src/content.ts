/** A value that JSON can carry. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** How closely a model is to look at an image. */
export type ImageDetail = "auto" | "low" | "high" | "original";

/** One item that a script put out, in the shape of the Responses API. */
export type ContentItem =
  | { readonly type: "input_text"; readonly text: string }
  | {
      readonly type: "input_image";
      readonly image_url: string;
      readonly detail?: ImageDetail;
    };

/** Why a cell failed. */
export interface CellError {
  /** What the model is shown: name, message and the script's frames, as far as there are any. */
  readonly text: string;
  readonly name?: string;
  readonly message?: string;
  /** Line in the script as it was run: without the line of the pragma. From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}
