/** A pattern that cannot be compiled. The message stands alone: no pattern, no file. */
export class PatternSyntaxError extends Error {
  override readonly name = "PatternSyntaxError";
}

/** Reads a pattern code point by code point. */
export class PatternReader {
  readonly #characters: readonly string[];
  #position = 0;

  constructor(source: string) {
    this.#characters = Array.from(source);
  }

  get done(): boolean {
    return this.#position >= this.#characters.length;
  }

  /** The character `ahead` of the next one; empty past the end. */
  peek(ahead = 0): string {
    return this.#characters[this.#position + ahead] ?? "";
  }

  /** @throws PatternSyntaxError at the end. */
  next(): string {
    const character = this.#characters[this.#position];
    if (character === undefined) return this.fail("the pattern ends too early");
    this.#position += 1;
    return character;
  }

  /** Steps over `text` (ASCII) when it comes next. */
  take(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.peek(index) !== text[index]) return false;
    }
    this.#position += text.length;
    return true;
  }

  /** What stands before `end`, which is stepped over too. @throws PatternSyntaxError when it never comes. */
  until(end: string): string {
    let text = "";
    for (let character = this.next(); character !== end; character = this.next()) text += character;
    return text;
  }

  fail(message: string): never {
    throw new PatternSyntaxError(`${message} (at character ${this.#position})`);
  }
}
