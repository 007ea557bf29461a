// All pages: one per public library, and the index.
import { join, resolve } from "node:path";
import type { Workspace, WorkspacePackage } from "@codex-ts/boundaries";
import ts from "typescript";
import { apiPage, type PackageFace } from "./api-page.ts";
import { type ErrorsPage, errorsPage } from "./errors-page.ts";
import { type Undocumented, undocumentedExports } from "./undocumented.ts";

/** Where the pages are, from the workspace's root on. */
export const apiFolder = "docs/api";

export interface Api {
  /** The pages by file name. */
  readonly pages: ReadonlyMap<string, string>;
  readonly errors: ErrorsPage;
  readonly undocumented: readonly Undocumented[];
}

/** Compiles all libraries, which takes seconds. */
export function readApi(workspace: Workspace): Api {
  const faces = workspace.packages.filter(isPublicLibrary).map((found) => face(workspace, found));
  const program = compile(
    workspace.root,
    faces.flatMap(({ entries }) => entries.map(({ source }) => source)),
  );
  const pages = faces.map((one): [string, string] => [fileName(one.name), apiPage(one, program)]);
  return {
    pages: new Map([["README.md", indexPage(faces)], ...pages]),
    errors: errorsPage(faces, program),
    undocumented: undocumentedExports(workspace.root, faces, program),
  };
}

function isPublicLibrary({ folder, manifest }: WorkspacePackage): boolean {
  return /^(packages|tools)\//.test(folder) && manifest.private !== true;
}

function face({ root }: Workspace, { name, folder, manifest }: WorkspacePackage): PackageFace {
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([key, target]) => {
    const source = typeof target === "string" ? undefined : target["@codex-ts/source"];
    if (source === undefined || key.includes("*")) return [];
    return [{ specifier: name + key.slice(1), source: resolve(root, folder, source) }];
  });
  return {
    name,
    description: manifest.description ?? "",
    readme: `../../${folder}/README.md`,
    entries,
  };
}

function fileName(packageName: string): string {
  return `${packageName.replace(/^@[^/]+\//, "")}.md`;
}

function indexPage(faces: readonly PackageFace[]): string {
  const rows = faces.map(
    ({ name, description }) => `- [${name}](${fileName(name)}): ${description}`,
  );
  return `# API

<!-- Made by \`pnpm docs\` from the doc comments; changes here are overwritten. -->

What each library exports. Each library's README says what it is for and has an example that runs.

${rows.join("\n")}
`;
}

function compile(root: string, sources: readonly string[]): ts.Program {
  const path = join(root, "tsconfig.tests.json");
  const parsed = ts.getParsedCommandLineOfConfigFile(path, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic({ messageText }) {
      throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
    },
  });
  if (parsed === undefined) throw new Error(`${path} cannot be read`);
  return ts.createProgram(sources, parsed.options);
}
