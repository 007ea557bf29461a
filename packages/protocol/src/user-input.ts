// What a person hands to a turn.

/** A stretch of a text that a front end shows in a special way; offsets are UTF-8 bytes. */
export interface TextElement {
  readonly byte_range: { readonly start: number; readonly end: number };
  /** What is shown instead. */
  readonly placeholder?: string;
}

/**
 * A part of what a person says. `image` carries a URL (a data URL too), `local_image` the path of a
 * file that is read when it is sent; `skill` and `mention` name something that the person has
 * pointed at.
 */
export type UserInput =
  | {
      readonly type: "text";
      readonly text: string;
      readonly text_elements?: readonly TextElement[];
    }
  | { readonly type: "image"; readonly image_url: string }
  | { readonly type: "local_image"; readonly path: string }
  | { readonly type: "skill"; readonly name: string; readonly path: string }
  | { readonly type: "mention"; readonly name: string; readonly path: string };
