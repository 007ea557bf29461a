import { expect, onTestFinished, test } from "vitest";
import { checkWorkspace } from "./check-workspace.ts";
import { fixReferences } from "./check-references.ts";
import { plantWorkspace } from "./planted-workspace.ts";
import type { PlantedWorkspace } from "./planted-workspace.ts";
import { formatViolation } from "./violation.ts";
import { readWorkspace } from "./workspace.ts";

function planted(): PlantedWorkspace {
  const workspace = plantWorkspace();
  onTestFinished(() => workspace[Symbol.dispose]());
  return workspace;
}

/** What the check says, as `file:line rule`. */
function check({ root }: PlantedWorkspace): string[] {
  return checkWorkspace(readWorkspace(root)).map(
    ({ file, line, rule }) => `${file}:${line} ${rule}`,
  );
}

type Dependencies = Record<string, Record<string, string>>;

test("a workspace that keeps every rule passes", () => {
  expect(check(planted())).toEqual([]);
});

test("an edge that is not in the table is caught in the manifest and in the source", () => {
  const workspace = planted();
  workspace.edit("packages/features/package.json", (manifest) => {
    (manifest as Dependencies)["dependencies"] = {
      "@codex-ts/absolute-path": "workspace:^",
      "@codex-ts/protocol": "workspace:^",
    };
  });
  workspace.write(
    "packages/features/src/path.ts",
    'import { value } from "@codex-ts/absolute-path";\nexport const four = value + 3;\n',
  );
  workspace.write(
    "packages/features/tsconfig.json",
    '{ "references": [{ "path": "../absolute-path" }, { "path": "../protocol" }] }',
  );
  expect(check(workspace)).toEqual([
    "packages/features/package.json:35 edge",
    "packages/features/src/path.ts:1 edge",
    "docs/architecture.md:3 stale-page",
  ]);
});

test("a message says file, line, what and the way out", () => {
  const workspace = planted();
  workspace.write(
    "packages/features/src/path.ts",
    '\nimport type { A } from "@codex-ts/absolute-path";\nexport const a: A[] = [];\n',
  );
  expect(checkWorkspace(readWorkspace(workspace.root)).map(formatViolation)).toEqual([
    "packages/features/src/path.ts:2: [edge] @codex-ts/features may not import @codex-ts/absolute-path; it may import protocol. " +
      "Take what is needed as a parameter or an interface of its own, or move the code to the floor that may; " +
      "the table is tools/boundaries/src/floors.ts.",
  ]);
});

test("an edge to a higher floor and a cycle are caught", () => {
  const workspace = planted();
  workspace.edit("packages/absolute-path/package.json", (manifest) => {
    (manifest as Dependencies)["devDependencies"] = { "@codex-ts/features": "workspace:^" };
  });
  expect(check(workspace)).toEqual([
    "packages/absolute-path/package.json:36 edge",
    "packages/protocol/package.json:35 cycle",
  ]);
});

test("a cycle through development dependencies alone is caught", () => {
  const workspace = planted();
  workspace.addPackage("scripted-model", { dependencies: ["protocol"] });
  workspace.edit("packages/protocol/package.json", (manifest) => {
    (manifest as Dependencies)["devDependencies"] = { "@codex-ts/scripted-model": "workspace:^" };
  });
  expect(
    checkWorkspace(readWorkspace(workspace.root)).map(({ rule, problem }) => `${rule}: ${problem}`),
  ).toEqual(["cycle: a cycle: @codex-ts/protocol → @codex-ts/scripted-model → @codex-ts/protocol"]);
});

test("an import past a package's exports is caught, by name and by path", () => {
  const workspace = planted();
  workspace.write(
    "packages/features/src/deep.ts",
    [
      'import { two } from "@codex-ts/protocol/src/two.ts";',
      'import { six } from "../../protocol/src/six.ts";',
      'import manifest from "@codex-ts/protocol/package.json" with { type: "json" };',
      "export const all = [two, six, manifest];\n",
    ].join("\n"),
  );
  expect(check(workspace)).toEqual([
    "packages/features/src/deep.ts:1 deep-import",
    "packages/features/src/deep.ts:2 deep-import",
  ]);
});

test("a pattern in exports opens what it matches and nothing else", () => {
  const workspace = planted();
  workspace.edit("packages/protocol/package.json", (manifest) => {
    for (const exports of [
      manifest["exports"],
      (manifest as Dependencies)["publishConfig"]?.["exports"],
    ]) {
      (exports as Record<string, string>)["./fixtures/*.json"] = "./fixtures/*.json";
    }
  });
  workspace.write(
    "packages/features/src/deep.ts",
    [
      'export const a = import("@codex-ts/protocol/fixtures/a.json");',
      'export const b = import("@codex-ts/protocol/fixtures/a.txt");\n',
    ].join("\n"),
  );
  expect(check(workspace)).toEqual(["packages/features/src/deep.ts:2 deep-import"]);
});

test("a re-export of another package's name is caught in every spelling", () => {
  const workspace = planted();
  workspace.write(
    "packages/features/src/index.ts",
    [
      'export { two } from "@codex-ts/protocol";',
      'export type { Two } from "@codex-ts/protocol";',
      'export * from "@codex-ts/protocol";',
      'import { type Three, three } from "@codex-ts/protocol";',
      "export { three };",
      "export type Drei = Three;",
      'export { mine } from "./mine.ts";\n',
    ].join("\n"),
  );
  workspace.write("packages/features/src/mine.ts", "export const mine = 1;\n");
  expect(check(workspace)).toEqual([
    "packages/features/src/index.ts:1 re-export",
    "packages/features/src/index.ts:2 re-export",
    "packages/features/src/index.ts:3 re-export",
    "packages/features/src/index.ts:5 re-export",
    "packages/features/src/index.ts:6 re-export",
  ]);
});

test("a workspace package that the manifest does not declare is caught", () => {
  const workspace = planted();
  workspace.edit("packages/features/package.json", (manifest) => {
    manifest["dependencies"] = {};
  });
  workspace.write("packages/features/tsconfig.json", '{ "references": [] }');
  expect(check(workspace)).toEqual([
    "packages/features/src/index.ts:1 undeclared",
    "docs/architecture.md:3 stale-page",
  ]);
});

test("a development dependency in published source is caught, in a test it is not", () => {
  const workspace = planted();
  workspace.edit("packages/features/package.json", (manifest) => {
    manifest["devDependencies"] = manifest["dependencies"];
    manifest["dependencies"] = {};
  });
  workspace.write(
    "packages/features/src/index.test.ts",
    'import { two } from "@codex-ts/protocol";\nexport const three = two + 1;\n',
  );
  expect(check(workspace)).toEqual([
    "packages/features/src/index.ts:1 undeclared",
    "docs/architecture.md:3 stale-page",
  ]);
});

test("a package for development is for tests alone", () => {
  const workspace = planted();
  workspace.addPackage("scripted-model", { dependencies: ["protocol"] });
  workspace.edit("packages/features/package.json", (manifest) => {
    (manifest as Dependencies)["devDependencies"] = { "@codex-ts/scripted-model": "workspace:^" };
  });
  const source = 'import { value } from "@codex-ts/scripted-model";\nexport const v = value + 1;\n';
  workspace.write("packages/features/src/model.test.ts", source);
  expect(check(workspace)).toEqual([]);
  workspace.write("packages/features/src/model.ts", source);
  expect(check(workspace)).toContain("packages/features/src/model.ts:1 development-only");
});

test("a library imports no program of tools/, a program imports any", () => {
  const workspace = planted();
  for (const [folder, imports] of [
    ["tools/one", "features"],
    ["tools/two", "one"],
  ]) {
    const name = folder?.split("/").at(-1);
    workspace.write(
      `${folder}/README.md`,
      `# @codex-ts/${name}\n\n\`\`\`sh\npnpm ${name}\n\`\`\`\n`,
    );
    workspace.write(
      `${folder}/package.json`,
      JSON.stringify({
        name: `@codex-ts/${name}`,
        private: true,
        license: "Apache-2.0",
        type: "module",
        exports: { ".": "./src/index.ts" },
        dependencies: { [`@codex-ts/${imports}`]: "workspace:^" },
        engines: { node: ">=24" },
      }),
    );
    workspace.write(
      `${folder}/src/index.ts`,
      `import * as all from "@codex-ts/${imports}";\nall;\n`,
    );
  }
  expect(check(workspace)).toEqual([]);
  workspace.write(
    "packages/absolute-path/src/index.test.ts",
    'import * as all from "@codex-ts/two";\nall;\n',
  );
  expect(check(workspace)).toEqual(["packages/absolute-path/src/index.test.ts:1 edge"]);
});

test("a package that does not exist is named as such", () => {
  const workspace = planted();
  workspace.write(
    "packages/features/src/a.ts",
    'export const a = import("@codex-ts/protocoll");\n',
  );
  expect(check(workspace)).toEqual(["packages/features/src/a.ts:1 unknown-package"]);
});

test("a package without a row is caught", () => {
  const workspace = planted();
  workspace.addPackage("unheard-of");
  expect(check(workspace)).toEqual(["packages/unheard-of/package.json:1 no-row"]);
});

test("references that differ from the dependencies are caught and can be rewritten", () => {
  const workspace = planted();
  workspace.write(
    "packages/features/tsconfig.json",
    '{\n  "include": ["src"],\n  "references": [{ "path": "../absolute-path" }]\n}\n',
  );
  workspace.write("packages/protocol/tsconfig.json", '{\n  "include": ["src"]\n}\n');
  workspace.edit("tsconfig.json", (value) => {
    value["references"] = [{ path: "packages/features" }, { path: "packages/gone" }];
  });
  expect(check(workspace)).toEqual([
    "packages/features/tsconfig.json:3 references",
    "packages/features/tsconfig.json:3 references",
    "packages/protocol/tsconfig.json:1 references",
    "tsconfig.json:3 references",
    "tsconfig.json:3 references",
    "tsconfig.json:7 references",
  ]);

  expect(fixReferences(readWorkspace(workspace.root))).toEqual([
    "packages/features/tsconfig.json",
    "packages/protocol/tsconfig.json",
    "tsconfig.json",
  ]);
  expect(check(workspace)).toEqual([]);
  expect(workspace.read("packages/features/tsconfig.json")).toBe(
    '{\n  "include": ["src"],\n  "references": [{ "path": "../protocol" }]\n}\n',
  );
});

test("a package without a README or a tsconfig, and manifests that lack what publishing needs, are caught", () => {
  const workspace = planted();
  workspace.remove("packages/protocol/README.md");
  workspace.addPackage("code-mode");
  workspace.remove("packages/code-mode/tsconfig.json");
  workspace.write("packages/absolute-path/README.md", "# Paths\n");
  workspace.edit("packages/features/package.json", (manifest) => {
    delete manifest["engines"];
    delete manifest["sideEffects"];
    delete manifest["files"];
    delete manifest["publishConfig"];
  });
  const problems = checkWorkspace(readWorkspace(workspace.root)).map(
    ({ file, problem }) => `${file}: ${problem}`,
  );
  expect(problems).toEqual([
    "packages/absolute-path/README.md: its title is not the package's name",
    "packages/absolute-path/README.md: there is no example",
    "packages/absolute-path/README.md: it does not say what the package may import",
    "packages/absolute-path/README.md: it does not say what the package leaves to others",
    "packages/code-mode/tsconfig.json: there is no tsconfig.json",
    "packages/features/package.json: engines.node is not >=22.19",
    "packages/features/package.json: sideEffects is not declared",
    'packages/features/package.json: files does not list "dist"',
    "packages/features/package.json: publishConfig.provenance is not true",
    "packages/features/package.json: publishConfig.access is not public",
    "packages/features/package.json: publishConfig.exports differs from exports",
    "packages/protocol/README.md: there is no README.md",
    'tsconfig.json: references list "packages/code-mode", which is no package',
  ]);
});

test("the root builds the types of the tests, where there is a config for them", () => {
  const workspace = planted();
  workspace.write("tsconfig.tests.json", "{}");
  expect(check(workspace)).toEqual(["tsconfig.json:3 references"]);
  expect(fixReferences(readWorkspace(workspace.root))).toEqual(["tsconfig.json"]);
  expect(check(workspace)).toEqual([]);
});

test("the architecture page is stale until it is written again", () => {
  const workspace = planted();
  const page = workspace.read("docs/architecture.md");
  expect(page).toContain("features --> protocol");
  workspace.write("docs/architecture.md", page.replace("features --> protocol", ""));
  expect(check(workspace)).toEqual(["docs/architecture.md:3 stale-page"]);
});

test("a manifest that is not JSON is an error with its line", () => {
  const workspace = planted();
  workspace.write("packages/features/package.json", '{\n  "name": oops\n}');
  expect(() => readWorkspace(workspace.root)).toThrow(/^packages\/features\/package\.json:2: /);
});
