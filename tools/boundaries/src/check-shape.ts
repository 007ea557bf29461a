// Every package has the same shape: the manifest that publishing needs, and a README with its four parts.
import { basename } from "node:path";
import { scope } from "./floors.ts";
import type { ExportTarget, Workspace, WorkspacePackage } from "./workspace.ts";
import type { Violation } from "./violation.ts";

const lowestNode = ">=22.19";

interface Demand {
  readonly met: boolean;
  /** Where in package.json, for the line. */
  readonly at?: string;
  readonly problem: string;
  readonly wayOut: string;
}

function conditions(target: ExportTarget | undefined): string[] {
  return typeof target === "object" ? Object.keys(target) : [];
}

/** Every entry as a consumer sees it: without the source condition. */
function publishedExports(
  exports: Readonly<Record<string, ExportTarget>>,
): Record<string, ExportTarget> {
  return Object.fromEntries(
    Object.entries(exports).map(([key, target]) => [
      key,
      typeof target === "string"
        ? target
        : Object.fromEntries(
            Object.entries(target).filter(([condition]) => condition !== `${scope}source`),
          ),
    ]),
  );
}

function exportDemands({ manifest }: WorkspacePackage): Demand[] {
  const exports = manifest.exports ?? {};
  const code = Object.entries(exports).filter(([, target]) => typeof target === "object");
  const wanted = [`${scope}source`, "types", "default"];
  return [
    {
      met: exports["./package.json"] === "./package.json",
      at: "exports",
      problem: "package.json is not exported",
      wayOut: 'Add "./package.json": "./package.json" to exports',
    },
    {
      met:
        code.length > 0 && code.every(([, target]) => conditions(target).join() === wanted.join()),
      at: "exports",
      problem: "an entry of exports has other conditions than the house's",
      wayOut: `Give each entry ${wanted.map((name) => `"${name}"`).join(", ")}, in this order`,
    },
    {
      met:
        JSON.stringify(manifest.publishConfig?.exports) ===
        JSON.stringify(publishedExports(exports)),
      at: "publishConfig",
      problem: "publishConfig.exports differs from exports",
      wayOut: `Repeat exports there without "${scope}source"`,
    },
  ];
}

function publishingDemands(found: WorkspacePackage): Demand[] {
  const { manifest, folder } = found;
  return [
    {
      met: manifest.version !== undefined,
      problem: "there is no version",
      wayOut: 'Start with "version": "0.1.0"',
    },
    {
      met: (manifest.description ?? "").length > 0,
      problem: "there is no description",
      wayOut: "Say in one line what the package is for",
    },
    {
      met: manifest.repository?.directory === folder,
      at: "repository",
      problem: "repository.directory does not name the package's folder",
      wayOut: `Set it to "${folder}"`,
    },
    {
      met: manifest.sideEffects !== undefined,
      problem: "sideEffects is not declared",
      wayOut: 'Add "sideEffects": false',
    },
    {
      met: manifest.files?.includes("dist") === true,
      at: "files",
      problem: 'files does not list "dist"',
      wayOut: 'Add "files": ["dist"]',
    },
    {
      met: manifest.publishConfig?.provenance === true,
      at: "publishConfig",
      problem: "publishConfig.provenance is not true",
      wayOut: 'Add "provenance": true to publishConfig',
    },
    {
      met: manifest.publishConfig?.access === "public",
      at: "publishConfig",
      problem: "publishConfig.access is not public",
      wayOut: 'Add "access": "public" to publishConfig',
    },
    ...(folder.startsWith("apps/") ? [] : exportDemands(found)),
  ];
}

function manifestDemands(found: WorkspacePackage): Demand[] {
  const { manifest, folder } = found;
  const isExample = folder.startsWith("examples/");
  const common: Demand[] = [
    {
      met: folder.startsWith("apps/") || manifest.name === scope + basename(folder),
      at: "name",
      problem: `the name ${manifest.name ?? "is missing and"} does not follow from the folder`,
      wayOut: `Name it ${scope}${basename(folder)}`,
    },
    {
      met: manifest.type === "module",
      at: "type",
      problem: "the package is not ESM",
      wayOut: 'Add "type": "module"',
    },
    {
      met: manifest.license === "Apache-2.0",
      at: "license",
      problem: "the license is not that of the repository",
      wayOut: 'Add "license": "Apache-2.0"',
    },
    {
      met:
        manifest.engines?.node === lowestNode ||
        (manifest.private === true && manifest.engines?.node !== undefined),
      at: "engines",
      problem: `engines.node is not ${lowestNode}`,
      wayOut: `Add "engines": { "node": "${lowestNode}" }`,
    },
    {
      met: !isExample || manifest.private === true,
      at: "private",
      problem: "an example could be published",
      wayOut: 'Add "private": true',
    },
  ];
  return manifest.private === true ? common : [...common, ...publishingDemands(found)];
}

function readmeDemands({ name, readme, folder }: WorkspacePackage): Demand[] {
  if (readme === undefined) {
    return [{ met: false, problem: "there is no README.md", wayOut: "Write one" }];
  }
  const demands: Demand[] = [
    {
      met: readme.startsWith(`# ${name}\n`),
      problem: "its title is not the package's name",
      wayOut: `Start it with "# ${name}"`,
    },
    {
      met: /^```\w+\n[\s\S]*?\n```$/m.test(readme),
      problem: "there is no example",
      wayOut: "Add a fenced block that can be run as it stands",
    },
  ];
  if (!folder.startsWith("packages/")) return demands;
  return [
    ...demands,
    {
      met: /allowed imports/i.test(readme),
      problem: "it does not say what the package may import",
      wayOut: 'Add a line "**Allowed imports:** …"',
    },
    {
      met: /does not/i.test(readme),
      problem: "it does not say what the package leaves to others",
      wayOut: 'Add a line "**It does not** …"',
    },
  ];
}

/** Libraries and programs, and the development programs that other repositories can install. */
function hasDeclarations({ folder, manifest }: WorkspacePackage): boolean {
  if (/^(packages|apps)\//.test(folder)) return true;
  return folder.startsWith("tools/") && manifest.private !== true;
}

function tsconfigDemands(found: WorkspacePackage): Demand[] {
  const { tsconfigFile } = found;
  return [
    {
      met: tsconfigFile !== undefined || !hasDeclarations(found),
      problem: "there is no tsconfig.json",
      wayOut: "Copy that of packages/absolute-path, so that the package gets declarations",
    },
  ];
}

/** Manifests, tsconfigs and READMEs that lack what every package has. */
export function checkShape(workspace: Workspace): Violation[] {
  return workspace.packages.flatMap((found): Violation[] => {
    const { manifestFile, folder } = found;
    const failed = (demands: readonly Demand[], file: string): Violation[] =>
      demands
        .filter(({ met }) => !met)
        .map(({ at, problem, wayOut }) => ({
          rule: "package-shape",
          file,
          line: at === undefined ? 1 : manifestFile.lineOf([at]),
          problem,
          wayOut,
        }));
    return [
      ...failed(manifestDemands(found), manifestFile.path),
      ...failed(tsconfigDemands(found), `${folder}/tsconfig.json`),
      ...failed(readmeDemands(found), `${folder}/README.md`),
    ];
  });
}
