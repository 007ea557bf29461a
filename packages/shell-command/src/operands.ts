// Telling a program's operands from its options.

export interface OptionTable {
  /** The letters of short options that take a value: the rest of the word or the next word. */
  readonly short?: string;
  /** Long options whose value is the next word when no `=` follows them. */
  readonly long?: readonly string[];
}

export interface ParsedArguments {
  readonly operands: readonly string[];
  /** The options in order, by their name with dashes; the value is null for those that take none. */
  readonly options: readonly { readonly name: string; readonly value: string | null }[];
}

/** Splits arguments the GNU way: options may stand among operands, `--` ends them, `-` is an operand. */
export function parseArguments(args: readonly string[], table: OptionTable = {}): ParsedArguments {
  const operands: string[] = [];
  const options: { name: string; value: string | null }[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      operands.push(arg);
      continue;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = equals === -1 ? arg : arg.slice(0, equals);
      const takesNext = equals === -1 && table.long?.includes(name) === true;
      if (takesNext) index += 1;
      const inline = equals === -1 ? null : arg.slice(equals + 1);
      options.push({ name, value: takesNext ? (args[index] ?? null) : inline });
      continue;
    }
    for (let letter = 1; letter < arg.length; letter += 1) {
      const name = `-${arg.charAt(letter)}`;
      if (table.short?.includes(arg.charAt(letter)) !== true) {
        options.push({ name, value: null });
        continue;
      }
      const rest = arg.slice(letter + 1);
      if (rest === "") index += 1;
      options.push({ name, value: rest === "" ? (args[index] ?? null) : rest });
      break;
    }
  }
  return { operands, options };
}

/** The value of the first option that has one of the names. */
export function optionValue(
  { options }: ParsedArguments,
  ...names: readonly string[]
): string | null {
  return options.find((option) => names.includes(option.name))?.value ?? null;
}

export function hasAnyOption({ options }: ParsedArguments, ...names: readonly string[]): boolean {
  return options.some((option) => names.includes(option.name));
}
