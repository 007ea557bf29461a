// For the tests: a small clean workspace in a temporary folder, and a way to plant a fault in it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeArchitecturePage } from "./architecture-page.ts";
import { readWorkspace } from "./workspace.ts";

export interface PlantedWorkspace extends Disposable {
  readonly root: string;
  /** Writes a file, with the folders that it needs. */
  write(path: string, text: string): void;
  read(path: string): string;
  remove(path: string): void;
  /** Changes one JSON file in place. */
  edit(path: string, change: (value: Record<string, unknown>) => void): void;
  /** Adds a package that follows the rules; its source is one exported constant. */
  addPackage(name: string, options?: PackageOptions): void;
}

export interface PackageOptions {
  /** Names after the scope; each becomes a dependency and a reference. */
  readonly dependencies?: readonly string[];
  readonly devDependencies?: readonly string[];
  readonly source?: string;
}

const ranges = (names: readonly string[] = []) =>
  Object.fromEntries(names.map((name) => [`@codex-ts/${name}`, "workspace:^"]));

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

function manifestOf(name: string, options: PackageOptions): unknown {
  const published = { types: "./dist/index.d.ts", default: "./dist/index.js" };
  return {
    name: `@codex-ts/${name}`,
    version: "0.1.0",
    description: `What ${name} is for.`,
    license: "Apache-2.0",
    repository: { type: "git", directory: `packages/${name}` },
    files: ["dist"],
    type: "module",
    sideEffects: false,
    exports: {
      ".": { "@codex-ts/source": "./src/index.ts", ...published },
      "./package.json": "./package.json",
    },
    publishConfig: {
      exports: { ".": published, "./package.json": "./package.json" },
      access: "public",
      provenance: true,
    },
    dependencies: ranges(options.dependencies),
    devDependencies: ranges(options.devDependencies),
    engines: { node: ">=22.19" },
  };
}

const readmeOf = (name: string) => `# @codex-ts/${name}

What it is for.

\`\`\`ts
import { value } from "@codex-ts/${name}";
\`\`\`

**Allowed imports:** none.

**It does not** do more.
`;

const page =
  "# Architecture\n\n<!-- package graph: written by `pnpm graph` -->\n<!-- end of package graph -->\n";

/**
 * A workspace of `absolute-path`, `protocol` (which imports it) and `features` (which imports protocol),
 * with every rule kept.
 */
export function plantWorkspace(): PlantedWorkspace {
  const root = mkdtempSync(join(tmpdir(), "boundaries-"));
  const planted: PlantedWorkspace = {
    root,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    read: (path) => readFileSync(join(root, path), "utf8"),
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    edit(path, change) {
      const value = JSON.parse(planted.read(path)) as Record<string, unknown>;
      change(value);
      planted.write(path, json(value));
    },
    addPackage(name, options = {}) {
      const folder = `packages/${name}`;
      planted.write(`${folder}/package.json`, json(manifestOf(name, options)));
      planted.write(`${folder}/README.md`, readmeOf(name));
      planted.write(`${folder}/src/index.ts`, options.source ?? "export const value = 1;\n");
      const references = (options.dependencies ?? []).map((path) => ({ path: `../${path}` }));
      planted.write(`${folder}/tsconfig.json`, json({ include: ["src"], references }));
      planted.edit("tsconfig.json", (value) => {
        value["references"] = [...(value["references"] as unknown[]), { path: folder }];
      });
      writeArchitecturePage(readWorkspace(root));
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  planted.write("tsconfig.json", json({ files: [], references: [] }));
  planted.write("docs/architecture.md", page);
  planted.addPackage("absolute-path");
  planted.addPackage("protocol", {
    dependencies: ["absolute-path"],
    source:
      'import { value as one } from "@codex-ts/absolute-path";\nexport const two = one + 1;\n',
  });
  planted.addPackage("features", {
    dependencies: ["protocol"],
    source: 'import { two } from "@codex-ts/protocol";\nexport const three = two + 1;\n',
  });
  return planted;
}
