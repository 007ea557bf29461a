// Who imports whom: manifests and imports against the floors table.
import { posix } from "node:path";
import { allowanceOf, rowOf } from "./floors.ts";
import { readModuleRecord } from "./module-record.ts";
import type { ModuleReference } from "./module-record.ts";
import { dependencyKinds, isWorkspaceName, packageOfSpecifier } from "./workspace.ts";
import type { DependencyKind, SourceFile, Workspace, WorkspacePackage } from "./workspace.ts";
import type { Violation } from "./violation.ts";

const tablePath = "tools/boundaries/src/floors.ts";

/** What stands in the way of `from` importing `to`; `undefined` when nothing does. */
function forbiddenEdge(
  from: WorkspacePackage,
  to: WorkspacePackage,
  use: "source" | "tests",
): Pick<Violation, "rule" | "problem" | "wayOut"> | undefined {
  if (from.folder.startsWith("tools/")) return undefined;
  const allowance = allowanceOf(from.folder);
  const row = rowOf(to.folder);
  if (row === undefined && !/^(tools|examples)\//.test(to.folder)) return undefined;
  if (row !== undefined && (allowance === undefined || allowance[use].has(row.name))) {
    return undefined;
  }
  if (row === undefined) {
    return {
      rule: "edge",
      problem: `${from.name} imports ${to.name}, a program of ${to.folder}`,
      wayOut: "Nothing outside tools/ imports from there: move the shared code into a library",
    };
  }
  if (row.developmentOnly === true) {
    return {
      rule: "development-only",
      problem: `${from.name} uses ${to.name} outside of its tests`,
      wayOut: "Use it in *.test.ts files alone and declare it in devDependencies",
    };
  }
  const allowed = [...(allowance?.[use] ?? [])].toSorted();
  const list = allowed.length === 0 ? "no workspace package" : allowed.join(", ");
  return {
    rule: "edge",
    problem: `${from.name} may not import ${to.name}; it may import ${list}`,
    wayOut: `Take what is needed as a parameter or an interface of its own, or move the code to the floor that may; the table is ${tablePath}`,
  };
}

const unknownPackage = (name: string): Pick<Violation, "rule" | "problem" | "wayOut"> => ({
  rule: "unknown-package",
  problem: `there is no package ${name} in this workspace`,
  wayOut: "Correct the name, or build the package first",
});

function checkManifestEdges(workspace: Workspace, from: WorkspacePackage): Violation[] {
  return dependencyKinds.flatMap((kind) =>
    Object.entries(from.manifest[kind] ?? {}).flatMap(([name, range]): Violation[] => {
      if (!isWorkspaceName(workspace, name)) return [];
      const at = { file: from.manifestFile.path, line: from.manifestFile.lineOf([kind, name]) };
      const to = workspace.byName.get(name);
      if (to === undefined) return [{ ...at, ...unknownPackage(name) }];
      const violations: Violation[] = [];
      if (!range.startsWith("workspace:")) {
        violations.push({
          ...at,
          rule: "package-shape",
          problem: `${name} is a package of this workspace, but its range is "${range}"`,
          wayOut: 'Write "workspace:^"',
        });
      }
      const bundled = from.folder.startsWith("apps/");
      const use = kind === "devDependencies" && !bundled ? "tests" : "source";
      const found = forbiddenEdge(from, to, use);
      const testOnly = kind === "devDependencies" && rowOf(to.folder)?.developmentOnly === true;
      if (found !== undefined && !testOnly) violations.push({ ...at, ...found });
      return violations;
    }),
  );
}

function declaredKinds(from: WorkspacePackage, name: string): DependencyKind[] {
  return dependencyKinds.filter((kind) => from.manifest[kind]?.[name] !== undefined);
}

function checkDeclared(
  from: WorkspacePackage,
  to: WorkspacePackage,
  use: "source" | "tests",
): Pick<Violation, "rule" | "problem" | "wayOut"> | undefined {
  const kinds = declaredKinds(from, to.name);
  const published = from.manifest.private !== true && from.folder.startsWith("packages/");
  const wanted = use === "source" ? "dependencies" : "devDependencies";
  if (kinds.length === 0) {
    return {
      rule: "undeclared",
      problem: `${to.name} is used but ${from.manifestFile.path} does not declare it`,
      wayOut: `Add "${to.name}": "workspace:^" to its ${wanted}`,
    };
  }
  if (use === "source" && published && kinds.every((kind) => kind === "devDependencies")) {
    return {
      rule: "undeclared",
      problem: `${to.name} is used in published source but is only a devDependency`,
      wayOut: `Move it to the dependencies of ${from.manifestFile.path}`,
    };
  }
  return undefined;
}

function exportsSubpath(target: WorkspacePackage, subpath: string): boolean {
  return Object.keys(target.manifest.exports ?? {}).some((key) => {
    const [before, after] = key.split("*");
    if (after === undefined) return key === subpath;
    return (
      before !== undefined &&
      subpath.length > before.length + after.length &&
      subpath.startsWith(before) &&
      subpath.endsWith(after)
    );
  });
}

function checkRelative(
  workspace: Workspace,
  from: WorkspacePackage,
  file: SourceFile,
  { specifier, line }: ModuleReference,
): Violation[] {
  const target = posix.join(posix.dirname(file.path), specifier);
  if (target.startsWith(`${from.folder}/`)) return [];
  const other = workspace.packages.find(({ folder }) => target.startsWith(`${folder}/`));
  if (other === undefined && !file.inPackage.startsWith("src/")) return [];
  return [
    {
      rule: "deep-import",
      file: file.path,
      line,
      problem: `"${specifier}" leaves ${from.folder}`,
      wayOut:
        other === undefined
          ? "What a package needs lies inside its folder"
          : `Import from "${other.name}" what its exports offer`,
    },
  ];
}

function checkReference(
  workspace: Workspace,
  from: WorkspacePackage,
  file: SourceFile,
  reference: ModuleReference,
): Violation[] {
  const { specifier, line } = reference;
  if (/^\.{1,2}(\/|$)/.test(specifier)) return checkRelative(workspace, from, file, reference);
  const name = packageOfSpecifier(specifier);
  if (!isWorkspaceName(workspace, name)) return [];
  const at = { file: file.path, line };
  const to = workspace.byName.get(name);
  if (to === undefined) return [{ ...at, ...unknownPackage(name) }];

  const violations: Violation[] = [];
  const subpath = `.${specifier.slice(name.length)}`;
  if (!exportsSubpath(to, subpath)) {
    const offered = Object.keys(to.manifest.exports ?? {}).filter(
      (key) => key !== "./package.json",
    );
    violations.push({
      ...at,
      rule: "deep-import",
      problem: `"${specifier}" is past the exports of ${name}, which are ${offered.join(", ")}`,
      wayOut: `Import from one of these, or export the name from ${to.folder}/src/index.ts`,
    });
  }
  if (to !== from) {
    const use = file.forDevelopment ? "tests" : "source";
    const found = forbiddenEdge(from, to, use) ?? checkDeclared(from, to, use);
    if (found !== undefined) violations.push({ ...at, ...found });
  }
  return violations;
}

function checkReExports(
  workspace: Workspace,
  from: WorkspacePackage,
  file: SourceFile,
  record: ReturnType<typeof readModuleRecord>,
): Violation[] {
  return record.reExports.flatMap(({ exported, specifier, line }): Violation[] => {
    const name = packageOfSpecifier(specifier);
    if (name === from.name || !isWorkspaceName(workspace, name)) return [];
    const what = exported === "*" ? "everything" : `"${exported}"`;
    return [
      {
        rule: "re-export",
        file: file.path,
        line,
        problem: `${from.name} hands on ${what} of ${name}`,
        wayOut: `A name has one home: let consumers import it from ${name}`,
      },
    ];
  });
}

/** Edges, deep imports, re-exports and undeclared packages, over manifests and sources. */
export function checkEdges(workspace: Workspace): Violation[] {
  return workspace.packages.flatMap((from) => {
    const violations = checkManifestEdges(workspace, from);
    for (const file of from.files) {
      const record = readModuleRecord(file.path, file.text);
      for (const reference of record.references) {
        violations.push(...checkReference(workspace, from, file, reference));
      }
      if (!file.forDevelopment) {
        violations.push(...checkReExports(workspace, from, file, record));
      }
    }
    return violations;
  });
}

/** Packages without a row in the table. */
export function checkRows(workspace: Workspace): Violation[] {
  return workspace.packages
    .filter(({ folder }) => /^(packages|apps)\//.test(folder) && rowOf(folder) === undefined)
    .map(({ manifestFile, folder }) => ({
      rule: "no-row",
      file: manifestFile.path,
      line: 1,
      problem: `${folder} has no row in the floors table`,
      wayOut: `Add its floor, job and allowed imports to ${tablePath}`,
    }));
}
