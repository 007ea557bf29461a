// The runner's command line: [lint args] [-- forwarded args].
import { type TargetKind, targetKinds } from "./targets.ts";

export interface RunnerArguments {
  readonly help: boolean;
  readonly version: boolean;
  readonly fix: boolean;
  /** Package names; empty means that none was chosen. */
  readonly packages: readonly string[];
  /** A tsconfig instead of a workspace; null when none was given. */
  readonly project: string | null;
  readonly workspace: boolean;
  /** The kinds of files to lint. */
  readonly targets: readonly TargetKind[];
  /** Narrows tests to those that match; empty means all. */
  readonly testGlobs: readonly string[];
  /** Handed on to ESLint in this order. */
  readonly forwarded: readonly string[];
}

/** A command line that says what cannot be; the message names the way out. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

const selectors: Readonly<Record<string, readonly TargetKind[]>> = {
  "--all-targets": targetKinds,
  "--lib": ["lib"],
  "--bins": ["bins"],
  "--tests": ["tests"],
  "--examples": ["examples"],
  "--benches": ["benches"],
};

/**
 * Reads the command line. Target selectors count on both sides of `--`. Without any, all targets are
 * linted; with `--fix`, only `lib`, so that a fix reaches no further than it was asked to.
 *
 * @throws UsageError
 */
export function parseArguments(given: readonly string[]): RunnerArguments {
  const packages: string[] = [];
  const testGlobs: string[] = [];
  const forwarded: string[] = [];
  const chosen = new Set<TargetKind>();
  const flags = { help: false, version: false, fix: false, workspace: false };
  let project: string | null = null;
  let afterSeparator = false;
  const rest = [...given];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--" && !afterSeparator) {
      afterSeparator = true;
      continue;
    }
    const [flag, inline] = splitValue(word);
    const valueOf = (): string => {
      const value = inline ?? rest.shift();
      if (value === undefined || value === "") throw new UsageError(`${flag} needs a value`);
      return value;
    };
    const kinds = selectors[word];
    if (kinds !== undefined) {
      for (const kind of kinds) chosen.add(kind);
    } else if (flag === "--test") {
      testGlobs.push(valueOf());
      chosen.add("tests");
    } else if (afterSeparator) {
      forwarded.push(word);
    } else {
      switch (flag) {
        case "-h":
        case "--help":
          flags.help = true;
          break;
        case "-V":
        case "--version":
          flags.version = true;
          break;
        case "--fix":
          flags.fix = true;
          break;
        case "--workspace":
          flags.workspace = true;
          break;
        // Dependencies are never linted; the flag is taken for those who are used to it.
        case "--no-deps":
          break;
        case "-p":
        case "--package":
          packages.push(valueOf());
          break;
        case "--project":
          project = valueOf();
          break;
        default:
          throw new UsageError(
            `unknown argument ${word}; what is meant for ESLint goes after --, and --help lists the rest`,
          );
      }
    }
  }
  if (project !== null && (packages.length > 0 || flags.workspace)) {
    throw new UsageError("--project stands alone: leave out -p and --workspace");
  }
  const standard: readonly TargetKind[] = flags.fix ? ["lib"] : targetKinds;
  const targets = chosen.size === 0 ? standard : targetKinds.filter((kind) => chosen.has(kind));
  return { ...flags, packages, project, targets, testGlobs, forwarded };
}

function splitValue(word: string): readonly [flag: string, value: string | undefined] {
  const match = /^(--(?:package|project|test))=(.*)$/s.exec(word);
  return match === null ? [word, undefined] : [match[1] ?? word, match[2]];
}
