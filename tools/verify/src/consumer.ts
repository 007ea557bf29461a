// A program that uses every public package as a stranger would: from tarballs, outside of the workspace.
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { PackedPackage } from "./pack.ts";
import { packageManager, installedProgram, runCommand } from "./run-command.ts";
import { oneCheck } from "./step.ts";
import type { StepContext, StepResult } from "./step.ts";

/** Runs in the consumer: loads each entry both ways and compares what came. */
const loader = `
const assert = require("node:assert");
async function load() {
  for (const specifier of process.argv.slice(2)) {
    const imported = await import(specifier);
    const required = require(specifier);
    assert.deepStrictEqual(Object.keys(required), Object.keys(imported), specifier);
    for (const name of Object.keys(imported)) {
      assert.strictEqual(required[name], imported[name], specifier + ": " + name);
    }
  }
}
load().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;

const compilerOptions = {
  target: "es2022",
  lib: ["es2022"],
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

const resolutions = {
  nodenext: { module: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
} as const;

/** `@codex-ts/x` and `./schemas` make `@codex-ts/x/schemas`. */
export function specifiersOf({ found, entries }: PackedPackage): string[] {
  return entries.map((entry) => found.name + entry.slice(1));
}

function programOf(packed: readonly PackedPackage[]): string {
  const specifiers = packed.flatMap(specifiersOf);
  const imports = specifiers.map(
    (specifier, index) => `import * as entry${index} from ${JSON.stringify(specifier)};`,
  );
  const names = specifiers.map((_specifier, index) => `entry${index}`);
  return `${imports.join("\n")}\nexport const entries: readonly object[] = [${names.join(", ")}];\n`;
}

/** Writes the consumer: a manifest that takes every tarball, a program, a loader. */
export async function writeProject(
  folder: string,
  packed: readonly PackedPackage[],
  nodeTypes: string,
): Promise<void> {
  const tarballs = Object.fromEntries(
    packed.map(({ found, tarball }) => [found.name, `file:${tarball}`]),
  );
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: tarballs,
    devDependencies: { "@types/node": nodeTypes },
  };
  // The siblings of a package come from tarballs too: none of them is on a registry yet.
  const settings = {
    packages: ["."],
    overrides: tarballs,
    // What a package does not declare, it must not find.
    hoist: false,
    strictDepBuilds: false,
    preferOffline: true,
    pmOnFail: "ignore",
  };
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, "package.json"), JSON.stringify(manifest)),
    writeFile(join(folder, "pnpm-workspace.yaml"), JSON.stringify(settings)),
    writeFile(join(folder, "load.cjs"), loader),
    writeFile(join(folder, "program.ts"), programOf(packed)),
    ...Object.entries(resolutions).map(([name, resolution]) =>
      writeFile(
        join(folder, `tsconfig.${name}.json`),
        JSON.stringify({
          compilerOptions: { ...compilerOptions, ...resolution },
          files: ["program.ts"],
        }),
      ),
    ),
  ]);
}

/** What the compiler says of the strict program, under each resolution. */
export async function typeProblems(folder: string, compiler: string): Promise<string[]> {
  const problems: string[] = [];
  for (const name of Object.keys(resolutions)) {
    const result = await runCommand([compiler, "-p", `tsconfig.${name}.json`], { cwd: folder });
    if (!result.ok) problems.push(`a strict program with ${name} resolution:\n${result.output}`);
  }
  return problems;
}

/** Programs that do not say their version. */
async function programProblems(folder: string, { found }: PackedPackage): Promise<string[]> {
  const problems: string[] = [];
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  for (const name of Object.keys(found.manifest.bin ?? {})) {
    const result = await runCommand([installedProgram(folder, name), "--version"], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      timeout: 60_000,
    });
    if (!result.ok || !result.stdout.includes(found.manifest.version ?? "")) {
      problems.push(`${name} --version does not print its version:\n${result.output}`);
    }
  }
  return problems;
}

async function loadProblem(folder: string, one: PackedPackage): Promise<string | undefined> {
  const specifiers = specifiersOf(one);
  if (specifiers.length === 0) return undefined;
  const result = await runCommand([process.execPath, "load.cjs", ...specifiers], {
    cwd: folder,
    timeout: 60_000,
  });
  if (!result.ok) return `${one.found.name} does not load:\n${result.output}`;
  return result.output === ""
    ? undefined
    : `${one.found.name} prints when it is loaded:\n${result.output}`;
}

/** Packages that do not load both ways, or that print or hang when they do, and programs that do not start. */
export async function loadProblems(
  folder: string,
  packed: readonly PackedPackage[],
): Promise<string[]> {
  const waiting = [...packed];
  const problems: string[] = [];
  async function work(): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const problem = await loadProblem(folder, one);
      if (problem !== undefined) problems.push(problem);
      problems.push(...(await programProblems(folder, one)));
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return problems;
}

/**
 * Installs all tarballs into `folder`, an empty project outside of the workspace.
 *
 * @throws when they do not install; the message holds the package manager's output
 */
export async function installConsumer(
  folder: string,
  packed: readonly PackedPackage[],
): Promise<void> {
  await writeProject(folder, packed, "^24.0.0");
  const installed = await runCommand(
    [...packageManager(process.env), "install", "--ignore-scripts", "--no-frozen-lockfile"],
    { cwd: folder },
  );
  if (!installed.ok) throw new Error(`The tarballs do not install:\n${installed.output}`);
}

/** Installs all tarballs into an empty project, compiles a strict program against them and loads each. */
export async function checkConsumer({ root, scratch, packed }: StepContext): Promise<StepResult> {
  const all = await packed();
  const folder = join(scratch, "consumer");
  await installConsumer(folder, all);
  const problems = [
    ...(await typeProblems(folder, installedProgram(root, "tsc"))),
    ...(await loadProblems(folder, all)),
  ];
  const entries = all.flatMap(specifiersOf).length;
  return oneCheck(problems.length === 0, {
    note: `${entries} entries of ${all.length} packages`,
    output: problems.join("\n"),
  });
}
