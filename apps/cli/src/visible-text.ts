// Text that others wrote, made safe for a terminal: it may be read, and it moves and sets nothing.
import { stripVTControlCharacters } from "node:util";

// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that show a text in another order than it has: with them a command can lie. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text without escape sequences and control characters, so that no command, file name or answer can
 * set the window's title, fill the clipboard or wipe what stands above. A line that was written over
 * after a carriage return, as progress bars do, is what was written last; characters that turn the
 * direction of the text round are spelt out.
 */
export function visibleText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\r\n", "\n")
    .replaceAll(/^.*\r(?=[^\n])/gm, "")
    .replaceAll(CONTROLS, "")
    .replaceAll(
      DIRECTIONS,
      (character) => `<U+${character.codePointAt(0)?.toString(16).toUpperCase()}>`,
    );
}
