// One command's words: does it read a file, list files, search in them?
import {
  hasAnyOption,
  optionValue,
  type OptionTable,
  parseArguments,
  type ParsedArguments,
} from "./operands.ts";
import { unwrapCommand } from "./unwrap-command.ts";

/** What a command looks at; paths are as written. */
export type Reading =
  | { readonly type: "read"; readonly path: string }
  | { readonly type: "list_files"; readonly path: string | null }
  | { readonly type: "search"; readonly query: string | null; readonly path: string | null };

const listers: Readonly<Record<string, OptionTable>> = {
  ls: {
    short: "ITw",
    long: "--ignore --hide --width --tabsize --block-size --time-style --indicator-style --sort --time --format".split(
      " ",
    ),
  },
  eza: { short: "ILst", long: "--level --ignore-glob --sort --time --time-style".split(" ") },
  exa: { short: "ILst", long: "--level --ignore-glob --sort --time --time-style".split(" ") },
  tree: { short: "ILP", long: ["--charset", "--filelimit"] },
  du: { short: "BXdt", long: ["--max-depth", "--block-size", "--threshold", "--exclude"] },
};

const ripgrep: OptionTable = {
  short: "ABCEMTdefgjmrt",
  long: (
    "--after-context --before-context --context --color --colors --encoding --engine --file --glob " +
    "--iglob --ignore-file --max-columns --max-count --max-depth --max-filesize --path-separator " +
    "--regexp --replace --sort --sortr --threads --type --type-not"
  ).split(" "),
};

const grep: OptionTable = {
  short: "ABCDdefm",
  long: (
    "--after-context --before-context --context --binary-files --exclude --exclude-dir --exclude-from " +
    "--file --include --label --max-count --regexp"
  ).split(" "),
};

const searchers: Readonly<Record<string, OptionTable>> = {
  rg: ripgrep,
  rga: ripgrep,
  grep,
  egrep: grep,
  fgrep: grep,
  ag: { short: "ABCGmp", long: ["--ignore", "--depth", "--context", "--max-count"] },
  ack: { short: "ABCgm", long: ["--type", "--ignore-dir", "--context", "--max-count"] },
  pt: { short: "ABCGm", long: ["--ignore", "--depth", "--context", "--max-count"] },
};

const fd: OptionTable = {
  short: "EXdeStxc",
  long: "--exclude --exec --exec-batch --max-depth --min-depth --extension --size --type --color".split(
    " ",
  ),
};

const pagers: Readonly<Record<string, OptionTable>> = {
  cat: {},
  bat: {
    short: "Hlr",
    long: "--language --line-range --style --theme --highlight-line".split(" "),
  },
  batcat: {
    short: "Hlr",
    long: "--language --line-range --style --theme --highlight-line".split(" "),
  },
  less: { short: "Pbhjkopxyz" },
  more: { short: "n" },
};

const headAndTail: OptionTable = { short: "cn", long: ["--lines", "--bytes"] };
const nl: OptionTable = { short: "bdfhilnsvw" };
const awk: OptionTable = { short: "Ffv", long: ["--file", "--assign", "--field-separator"] };
const sed: OptionTable = { short: "efl", long: ["--expression", "--file", "--line-length"] };

/** Programs that only shape what others print. */
const shapers = new Set("wc tr cut sort uniq tee column yes printf".split(" "));

/** What a command looks at; null when it does something else, or that cannot be told. */
export function classifyCommand(words: readonly string[]): Reading | null {
  const [program = "", ...args] = words;
  if (Object.hasOwn(listers, program)) {
    return { type: "list_files", path: parseArguments(args, listers[program]).operands[0] ?? null };
  }
  if (Object.hasOwn(searchers, program)) {
    const parsed = parseArguments(args, searchers[program]);
    const listsFiles = program.startsWith("rg") && hasAnyOption(parsed, "--files");
    return listsFiles ? { type: "list_files", path: parsed.operands[0] ?? null } : search(parsed);
  }
  if (Object.hasOwn(pagers, program)) {
    return readOnly(
      parseArguments(args, pagers[program]).operands.filter((path) => !path.startsWith("+")),
    );
  }
  switch (program) {
    case "git":
      return classifyGit(args);
    case "fd":
      return classifyFd(parseArguments(args, fd));
    case "find":
      return classifyFind(args);
    case "head":
    case "tail":
      return readOnly(headOrTailFiles(args));
    case "nl":
      return readOnly(parseArguments(args, nl).operands);
    case "sed":
      return classifySed(parseArguments(args, sed));
    case "awk":
      return classifyAwk(parseArguments(args, awk));
    default:
      return /^python[\d.]*$/.test(program) ? classifyPython(args) : null;
  }
}

/**
 * Whether a command says nothing of its own beside others: it shapes their output, or hands their
 * output to a command that only looks.
 */
export function isPipelineHelper(words: readonly string[]): boolean {
  const [program = "", ...args] = words;
  if (shapers.has(program)) return true;
  switch (program) {
    case "head":
    case "tail":
      return headOrTailFiles(args).length === 0;
    case "nl":
      return parseArguments(args, nl).operands.length === 0;
    case "awk":
      return awkFiles(parseArguments(args, awk)).length === 0;
    case "sed": {
      const parsed = parseArguments(args, sed);
      return sedFiles(parsed).length === 0 && !isInPlace(parsed);
    }
    case "xargs": {
      const inner = unwrapCommand(words);
      if (inner.length === 0) return true;
      const looks = classifyCommand([...inner, "FILE"]) !== null;
      return looks || isPipelineHelper(inner) || inner[0] === "echo";
    }
    default:
      return false;
  }
}

function readOnly(paths: readonly string[]): Reading | null {
  const [path] = paths;
  return path === undefined || path === "-" || paths.length > 1 ? null : { type: "read", path };
}

function search(parsed: ParsedArguments): Reading {
  const given = optionValue(parsed, "-e", "--regexp", "-f", "--file");
  const [first = null, second = null] = parsed.operands;
  return given === null
    ? { type: "search", query: first, path: second }
    : { type: "search", query: given, path: first };
}

function classifyGit(args: readonly string[]): Reading | null {
  const [subcommand, ...rest] = args[0] === "--no-pager" ? args.slice(1) : args;
  if (subcommand === "grep") return search(parseArguments(rest, grep));
  if (subcommand !== "ls-files") return null;
  const { operands } = parseArguments(rest, { short: "xX", long: ["--exclude", "--exclude-from"] });
  return { type: "list_files", path: operands[0] ?? null };
}

function classifyFd(parsed: ParsedArguments): Reading | null {
  if (hasAnyOption(parsed, "-x", "--exec", "-X", "--exec-batch")) return null;
  const [query = null, path = null] = parsed.operands;
  if (query === null || query === ".") return { type: "list_files", path };
  return { type: "search", query, path };
}

function classifyFind(args: readonly string[]): Reading | null {
  if (args.some((arg) => /^-(?:exec|execdir|ok|okdir|delete|fls|fprint0?|fprintf)$/.test(arg))) {
    return null;
  }
  const start = args.findIndex((arg) => !/^-(?:[HLP]|O\d*)$/.test(arg));
  const [first] = start === -1 ? [] : args.slice(start);
  const path = first === undefined || /^[-(!]/.test(first) ? null : first;
  const test = args.findIndex((arg) => /^-i?(?:name|path|wholename|regex|lname)$/.test(arg));
  const query = test === -1 ? null : (args[test + 1] ?? null);
  return query === null ? { type: "list_files", path } : { type: "search", query, path };
}

function headOrTailFiles(args: readonly string[]): readonly string[] {
  return parseArguments(args, headAndTail).operands;
}

function isInPlace(parsed: ParsedArguments): boolean {
  return hasAnyOption(parsed, "-i", "--in-place");
}

function sedScripts(parsed: ParsedArguments): readonly (string | null)[] {
  const given = parsed.options.filter(({ name }) => ["-e", "--expression"].includes(name));
  return given.length > 0 ? given.map(({ value }) => value) : parsed.operands.slice(0, 1);
}

function sedFiles(parsed: ParsedArguments): readonly string[] {
  const isGiven = hasAnyOption(parsed, "-e", "--expression", "-f", "--file");
  return isGiven ? parsed.operands : parsed.operands.slice(1);
}

/** Only the printing of lines by number counts as reading. */
function classifySed(parsed: ParsedArguments): Reading | null {
  const printsByNumber = sedScripts(parsed).every((script) =>
    /^(?:(?:\d+|\$)(?:,(?:\+?\d+|\$))?p;?)+$/.test(script ?? ""),
  );
  const isQuiet = hasAnyOption(parsed, "-n", "--quiet", "--silent");
  if (!isQuiet || !printsByNumber || isInPlace(parsed)) return null;
  return hasAnyOption(parsed, "-f", "--file") ? null : readOnly(sedFiles(parsed));
}

function awkFiles(parsed: ParsedArguments): readonly string[] {
  return hasAnyOption(parsed, "-f", "--file") ? parsed.operands : parsed.operands.slice(1);
}

function classifyAwk(parsed: ParsedArguments): Reading | null {
  const [path] = awkFiles(parsed);
  return path === undefined ? null : { type: "read", path };
}

/** A one-line program that walks files and, as far as can be seen, does nothing to them. */
function classifyPython(args: readonly string[]): Reading | null {
  const flag = args.indexOf("-c");
  const program = flag === -1 ? "" : (args[flag + 1] ?? "");
  const walks = /\bos\.(?:listdir|walk|scandir)\b|\bglob\.i?glob\b|\.(?:rglob|glob|iterdir)\(/;
  const changes =
    /\b(?:open|remove|unlink|rmtree|rename|replace|write\w*|system|subprocess|exec)\b/;
  return walks.test(program) && !changes.test(program) ? { type: "list_files", path: null } : null;
}
