#!/usr/bin/env node
// argument-comment-lint [lint args] [-- forwarded args]
import { parseArguments, UsageError } from "./arguments.ts";
import { plugin } from "./plugin.ts";
import { run } from "./run.ts";
import { ProjectError } from "./workspace.ts";

const help = `Checks that bare literals in calls of your own functions carry the parameter's name.

Usage: argument-comment-lint [OPTIONS] [-- TARGETS AND ESLINT OPTIONS]

Without arguments, every file of every workspace package is linted.

Options:
  -p, --package NAME   only this package; may be repeated
      --workspace      every package (the default)
      --project FILE   the files of one tsconfig instead of a workspace
      --fix            write the comments; lints only lib unless targets are given
      --no-deps        always so: dependencies are never linted
  -h, --help           this text
  -V, --version        the version

Targets, before or after --:
  --all-targets, --lib, --tests, --examples, --benches, --bins
  --test GLOB          tests that match

All else after -- goes to ESLint, for example: -- --format json --max-warnings 0

Environment:
  ARGUMENT_COMMENT_LINT   error (the default), warn or off

Exit codes: 0 clean, 1 findings, 2 wrong usage, or files that cannot be compiled`;

async function main(): Promise<number> {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) {
    console.log(help);
    return 0;
  }
  if (args.version) {
    console.log(plugin.meta.version);
    return 0;
  }
  return run(args, {
    cwd: process.cwd(),
    env: process.env,
    report: (line) => console.error(line),
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ProjectError)) throw error;
  console.error(`Error: ${error.message}`);
  process.exitCode = 2;
}
