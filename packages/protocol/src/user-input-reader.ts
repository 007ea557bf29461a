// What a person hands to a turn, as readers.
import type { TextElement, UserInput } from "./user-input.ts";
import { list, number, object, optional, required, string, tagged } from "./field-reader.ts";

export const textElement = object<TextElement>({
  byte_range: required(
    object<TextElement["byte_range"]>({ start: required(number), end: required(number) }),
  ),
  placeholder: optional(string),
});

export const userInput = tagged<UserInput>({
  text: { text: required(string), text_elements: optional(list(textElement)) },
  image: { image_url: required(string) },
  local_image: { path: required(string) },
  skill: { name: required(string), path: required(string) },
  mention: { name: required(string), path: required(string) },
});
