// tsconfig.json references: those of a package are its workspace dependencies, those of the root are the packages.
import { existsSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { readModuleRecord } from "./module-record.ts";
import { packageOfSpecifier } from "./workspace.ts";
import type { JsonFile, Workspace, WorkspacePackage } from "./workspace.ts";
import type { Violation } from "./violation.ts";

/** Checks the types of the tests; the root builds it along with the packages. */
const testsConfig = "tsconfig.tests.json";

interface Expectation {
  readonly file: JsonFile;
  /** Paths that must be there, relative to the file. */
  readonly required: readonly string[];
  /** Paths that may be there too: packages that only tests use. */
  readonly optional: readonly string[];
  /** What a path stands for, in messages. */
  readonly kind: "dependency" | "package";
}

function referencedPaths(file: JsonFile): string[] {
  const { references } = file.value as { references?: readonly { path: string }[] };
  return (references ?? []).map(({ path }) => posix.normalize(path));
}

function hasReferences({ folder, tsconfigFile }: WorkspacePackage): boolean {
  return tsconfigFile !== undefined && /^(packages|apps|tools)\//.test(folder);
}

function expectationOf(workspace: Workspace, from: WorkspacePackage, file: JsonFile): Expectation {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = from.manifest;
  const pathsTo = (names: readonly string[]) =>
    [...new Set(names)]
      .flatMap((name) => workspace.byName.get(name) ?? [])
      .filter((to) => to !== from && hasReferences(to))
      .map((to) => posix.relative(from.folder, to.folder))
      .toSorted();
  const imported = from.files
    .filter(({ inPackage, forDevelopment }) => inPackage.startsWith("src/") && !forDevelopment)
    .flatMap(({ path, text }) => readModuleRecord(path, text).references)
    .map(({ specifier }) => packageOfSpecifier(specifier))
    .filter((name) => devDependencies?.[name] !== undefined);
  return {
    file,
    required: pathsTo([
      ...Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
      ...imported,
    ]),
    optional: pathsTo(Object.keys(devDependencies ?? {})),
    kind: "dependency",
  };
}

function expectations(workspace: Workspace): Expectation[] {
  const packages = workspace.packages.filter(hasReferences);
  const own = packages.flatMap((from) =>
    from.tsconfigFile === undefined ? [] : [expectationOf(workspace, from, from.tsconfigFile)],
  );
  if (workspace.tsconfigFile === undefined) return own;
  const tests = existsSync(join(workspace.root, testsConfig)) ? [testsConfig] : [];
  const required = [...packages.map(({ folder }) => folder), ...tests];
  return [...own, { file: workspace.tsconfigFile, required, optional: [], kind: "package" }];
}

/** References that are missing, and references to what is no dependency. */
export function checkReferences(workspace: Workspace): Violation[] {
  return expectations(workspace).flatMap(({ file, required, optional, kind }): Violation[] => {
    const actual = referencedPaths(file);
    const missing = required
      .filter((path) => !actual.includes(path))
      .map((path) => ({
        line: file.lineOf(["references"]),
        problem: `references lack "${path}", a ${kind}`,
      }));
    const extra = actual.flatMap((path, index) =>
      required.includes(path) || optional.includes(path)
        ? []
        : [
            {
              line: file.lineOf(["references", index]),
              problem: `references list "${path}", which is no ${kind}`,
            },
          ],
    );
    return [...missing, ...extra].map(({ line, problem }) => ({
      rule: "references",
      file: file.path,
      line,
      problem,
      wayOut: "Run `pnpm boundaries --fix`",
    }));
  });
}

function layOut(paths: readonly string[], room: number): string {
  const items = paths.map((path) => `{ "path": ${JSON.stringify(path)} }`);
  const oneLine = `[${items.join(", ")}]`;
  return oneLine.length <= room ? oneLine : `[\n    ${items.join(",\n    ")}\n  ]`;
}

/** Rewrites the references that {@link checkReferences} would report; returns the files written. */
export function fixReferences(workspace: Workspace): string[] {
  return expectations(workspace).flatMap(({ file, required, optional }): string[] => {
    const actual = referencedPaths(file);
    const kept = actual.filter((path) => optional.includes(path));
    const wanted = [...new Set([...required, ...kept])].toSorted();
    if (wanted.join() === actual.toSorted().join()) return [];

    const withKey =
      file.nodeAt(["references"]) === undefined
        ? applyEdits(
            file.text,
            modify(file.text, ["references"], [], {
              formattingOptions: { insertSpaces: true, tabSize: 2 },
            }),
          )
        : file.text;
    const start = withKey.indexOf("[", withKey.indexOf('"references"'));
    const end = withKey.indexOf("]", start) + 1;
    const room = 100 - '  "references": '.length;
    const text = withKey.slice(0, start) + layOut(wanted, room) + withKey.slice(end);
    writeFileSync(join(workspace.root, file.path), text);
    return [file.path];
  });
}
