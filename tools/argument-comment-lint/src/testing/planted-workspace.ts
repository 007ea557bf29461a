// A small workspace on the disk: one package with a function or two, and what calls them.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface PlantedWorkspace extends Disposable {
  readonly root: string;
  write(path: string, text: string): void;
}

const compilerOptions = {
  target: "es2024",
  lib: ["es2024"],
  module: "nodenext",
  strict: true,
  noEmit: true,
  types: [],
  allowImportingTsExtensions: true,
};

/** Plants `files` (by path) under a new folder; `app` and `lib` are packages, `lib` is linked into `app`. */
export function plantWorkspace(files: Readonly<Record<string, string>> = {}): PlantedWorkspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "argument-comment-")));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const manifest = (name: string, more: object = {}): string =>
    JSON.stringify({ name, type: "module", ...more });
  write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
  write("package.json", manifest("root"));
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["packages"] }));
  write("packages/app/package.json", manifest("@demo/app"));
  write("packages/lib/package.json", manifest("@demo/lib", { exports: "./src/index.ts" }));
  write(
    "packages/lib/src/index.ts",
    "export declare function open(path: string | null, mode: number): void;\n",
  );
  mkdirSync(join(root, "packages/app/node_modules/@demo"), { recursive: true });
  symlinkSync(join(root, "packages/lib"), join(root, "packages/app/node_modules/@demo/lib"));
  for (const [path, text] of Object.entries(files)) write(path, text);
  return {
    root,
    write,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
