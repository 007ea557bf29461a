// The git commands that only look at a repository.

/** Options that make git obey something else than the repository's own files, or run a program. */
const unsafeGlobals = [
  "--config-env",
  "--exec-path",
  "--git-dir",
  "--namespace",
  "--super-prefix",
  "--work-tree",
];

/**
 * Options of the looking subcommands that write files or run programs: signatures are checked by gpg,
 * which keeps files of its own and may fetch keys, and a merge that is done again to be looked at
 * leaves objects.
 */
const unsafeOptions = [
  "--output",
  "--ext-diff",
  "--textconv",
  "--exec",
  "--paginate",
  "--show-signature",
  "--remerge-diff",
];

/** The same in the values of other options. */
const unsafeValues = /%G|%\(signature|^(?:--diff-merges=)?r(?:emerge)?$/;

const safeSubcommands = new Set(["status", "log", "diff", "show", "branch"]);

const listingBranchOptions = new Set(
  "--list -l --show-current -a --all -r --remotes -v -vv --verbose".split(" "),
);

/**
 * Whether git with these arguments only shows something: `status`, `log`, `diff`, `show`, or `branch`
 * without anything that makes or changes one. What the repository's configuration makes of that is not
 * judged here.
 */
export function isSafeGit(args: readonly string[]): boolean {
  if (args.some((arg) => arg.startsWith("-c") || isOption(arg, unsafeGlobals))) return false;
  const globals = countGlobals(args);
  const [subcommand, ...rest] = args.slice(globals);
  if (args.slice(0, globals).some(isPaging)) return false;
  if (subcommand === undefined || !safeSubcommands.has(subcommand)) return false;
  if (rest.some((arg) => isOption(arg, unsafeOptions) || unsafeValues.test(arg))) return false;
  return subcommand !== "branch" || rest.every(isListingBranchOption);
}

/** The folders that git is told to go to, one after the other; null when they are not known. */
export function gitFolders(args: readonly string[]): readonly string[] | null {
  const globals = args.slice(0, countGlobals(args));
  const folders = globals.filter((_, index) => globals[index - 1] === "-C");
  return folders.every((folder) => /^[^-~*?[{]/.test(folder)) ? folders : null;
}

function countGlobals(args: readonly string[]): number {
  let index = 0;
  while (args[index]?.startsWith("-") === true) index += args[index] === "-C" ? 2 : 1;
  return Math.min(index, args.length);
}

function isPaging(arg: string): boolean {
  return arg === "-p" || arg === "--paginate";
}

function isOption(arg: string, options: readonly string[]): boolean {
  return options.some((option) => arg === option || arg.startsWith(`${option}=`));
}

function isListingBranchOption(arg: string): boolean {
  return listingBranchOptions.has(arg) || arg.startsWith("--format=");
}
