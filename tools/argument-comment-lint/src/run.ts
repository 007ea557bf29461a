// One run: choose the files, see that a tsconfig covers each, and have ESLint look at them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob, relative, resolve } from "node:path";
import type { RunnerArguments } from "./arguments.ts";
import { UsageError } from "./arguments.ts";
import type { LintPlan } from "./eslint-config.ts";
import { findWorkspaceRoot } from "./first-party.ts";
import { suspects } from "./suspects.ts";
import { targetKind, targetKinds } from "./targets.ts";
import {
  cover,
  type Project,
  readPackages,
  readProject,
  readProjects,
  type SourceFile,
} from "./workspace.ts";

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the counts go. */
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lints, with ESLint's output on the terminal, and resolves to the exit code: 0 clean, 1 findings,
 * 2 when ESLint itself failed.
 *
 * @throws UsageError, ProjectError when there is nothing that could be linted as asked.
 */
export async function run(args: RunnerArguments, options: RunOptions): Promise<number> {
  const root = findWorkspaceRoot(options.cwd);
  const severity = severityOf(options.env["ARGUMENT_COMMENT_LINT"]);
  const { files, projects, place } = choose(args, root, options.cwd);
  const covered = cover(
    files.map(({ path }) => path),
    projects,
  );
  refuseHoles(files, covered.uncovered, root);
  const linted = files.filter(({ path }) => !covered.uncovered.includes(path));
  const counts = targetKinds
    .filter((kind) => args.targets.includes(kind))
    .map((kind) => `${kind} ${linted.filter((file) => file.kind === kind).length}`);
  options.report(`argument-comment-lint: ${place}, ${linted.length} files (${counts.join(", ")})`);
  if (linted.length === 0 || severity === "off") return 0;
  const plan: LintPlan = {
    projects: covered.projects.map(({ path }) => path),
    severity,
    fix: args.fix,
  };
  const paths = linted.map(({ path }) => path);
  // What is handed on to ESLint may switch on more, so then it sees every file.
  const seen = args.forwarded.length > 0 ? paths : suspects(paths, plan.projects, root);
  return seen.length === 0 ? 0 : lint(plan, seen, args, root, options);
}

function choose(
  args: RunnerArguments,
  root: string,
  cwd: string,
): {
  readonly files: readonly SourceFile[];
  readonly projects: readonly Project[];
  /** What is linted, in words. */
  readonly place: string;
} {
  const wanted = ({ path, kind }: SourceFile): boolean =>
    args.targets.includes(kind) &&
    (kind !== "tests" ||
      args.testGlobs.length === 0 ||
      args.testGlobs.some((glob) => matchesTest(path, glob, root)));
  if (args.project !== null) {
    const project = readProject(resolve(cwd, args.project));
    const folder = dirname(project.path);
    const files = [...project.files]
      .filter((path) => !/\.d\.[cm]?ts$/.test(path))
      .map((path) => ({ path, kind: targetKind(relative(folder, path)) }));
    return {
      files: files.filter(wanted),
      projects: [project],
      place: relative(root, project.path),
    };
  }
  const packages = readPackages(root);
  const chosen = args.packages.length === 0 || args.workspace ? packages : named(args, packages);
  return {
    files: chosen.flatMap(({ files }) => files).filter(wanted),
    projects: readProjects(root, packages),
    place: chosen.length === 1 ? (chosen[0]?.name ?? "") : `${chosen.length} packages`,
  };
}

function named<T extends { readonly name: string }>(
  { packages: wanted }: RunnerArguments,
  packages: readonly T[],
): readonly T[] {
  return wanted.map((name) => {
    // Without its scope, a name will do when only one package has it.
    const found = packages.filter((one) => one.name === name || one.name.endsWith(`/${name}`));
    const [first] = found;
    if (first === undefined || found.length > 1) {
      const names = packages.map((one) => `  ${one.name}`).join("\n");
      throw new UsageError(`there is no package ${name} in this workspace; there are:\n${names}`);
    }
    return first;
  });
}

function matchesTest(path: string, glob: string, root: string): boolean {
  const fromRoot = relative(root, path);
  return matchesGlob(fromRoot, glob) || matchesGlob(fromRoot, `**/${glob}`);
}

/** A source or a test that no tsconfig covers would be a silent hole. */
function refuseHoles(
  files: readonly SourceFile[],
  uncovered: readonly string[],
  root: string,
): void {
  const holes = files.filter(({ path, kind }) => kind !== "bins" && uncovered.includes(path));
  if (holes.length === 0) return;
  const list = holes.map(({ path }) => `  ${relative(root, path)}`).join("\n");
  throw new UsageError(
    `no tsconfig covers these files, so their calls cannot be checked; include them in one:\n${list}`,
  );
}

function severityOf(given: string | undefined): LintPlan["severity"] {
  if (given === undefined || given === "" || given === "error") return "error";
  if (given === "warn" || given === "off") return given;
  throw new UsageError(`ARGUMENT_COMMENT_LINT is error, warn or off, not ${given}`);
}

async function lint(
  plan: LintPlan,
  files: readonly string[],
  args: RunnerArguments,
  root: string,
  { signal, env }: RunOptions,
): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), "argument-comment-lint-"));
  try {
    const source = new URL(
      import.meta.url.endsWith(".ts") ? "eslint-config.ts" : "eslint-config.js",
      import.meta.url,
    );
    const config = join(scratch, "eslint.config.mjs");
    writeFileSync(
      config,
      `import { lintConfig } from ${JSON.stringify(source.href)};\nexport default lintConfig(${JSON.stringify(plan)});\n`,
    );
    const child = spawn(
      process.execPath,
      [
        // Trees are made by the thousand: with a larger nursery, a third of the time is saved.
        "--max-semi-space-size=64",
        eslintProgram(),
        "--no-config-lookup",
        "--config",
        config,
        ...(args.fix ? ["--fix"] : []),
        ...args.forwarded,
        "--",
        ...files.map((path) => relative(root, path)),
      ],
      { cwd: root, env: { ...env }, stdio: ["ignore", "inherit", "inherit"], signal },
    );
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 2;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function eslintProgram(): string {
  const manifest = createRequire(import.meta.url).resolve("eslint/package.json");
  return join(dirname(manifest), "bin", "eslint.js");
}
