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

/** Options of the looking subcommands that write files or run programs. */
const unsafeOptions = ["--output", "--ext-diff", "--textconv", "--exec", "--paginate"];

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
  let index = 0;
  for (let arg = args[0]; arg?.startsWith("-"); arg = args[index]) {
    if (arg === "-p" || arg === "--paginate") return false;
    index += arg === "-C" ? 2 : 1;
  }
  const subcommand = args[index];
  if (subcommand === undefined || !safeSubcommands.has(subcommand)) return false;
  const rest = args.slice(index + 1);
  if (rest.some((arg) => isOption(arg, unsafeOptions))) return false;
  return subcommand !== "branch" || rest.every(isListingBranchOption);
}

function isOption(arg: string, options: readonly string[]): boolean {
  return options.some((option) => arg === option || arg.startsWith(`${option}=`));
}

function isListingBranchOption(arg: string): boolean {
  return listingBranchOptions.has(arg) || arg.startsWith("--format=");
}
