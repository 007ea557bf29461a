// One bundle for the command line: what a run needs is one small file and a few chunks loaded on demand.
import { chmodSync, copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineConfig, type Options } from "tsup";

type EsbuildPlugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * An ESM import of a built-in module reads all of its exports, which for `node:http` alone loads a
 * whole fetch implementation. `process.getBuiltinModule` hands over the module and reads nothing.
 */
const lazyBuiltins: EsbuildPlugin = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

/** yaml offers Node a CommonJS build, whose names a chunk that is loaded on demand would lose. */
const yamlAsModule: EsbuildPlugin = {
  name: "yaml-as-module",
  setup(build) {
    build.onResolve({ filter: /^yaml$/ }, ({ importer }) => {
      const manifest = createRequire(importer).resolve("yaml/package.json");
      return { path: join(dirname(manifest), "browser/index.js") };
    });
  },
};

export default defineConfig({
  entry: {
    "codex-ts": "src/codex-ts.ts",
    // Started as a thread of its own, from beside the chunk that starts it.
    "chunks/landlock-worker": "../../packages/sandboxing/src/landlock-worker.ts",
    "chunks/worker": "../../packages/code-mode/src/worker.ts",
    // Likewise, as a process.
    "chunks/renewal-process": "../../packages/login/src/renewal-process.ts",
  },
  format: "esm",
  target: "node22",
  platform: "node",
  outDir: "dist",
  clean: true,
  dts: false,
  splitting: true,
  minify: true,
  removeNodeProtocol: false,
  treeshake: true,
  // What has native code or WebAssembly stays a dependency; all else is bundled.
  noExternal: [/^(?!koffi$|@napi-rs\/(?:image|keyring)$|@jitl\/quickjs-wasmfile-release-sync$)/],
  external: ["koffi", "@napi-rs/image", "@napi-rs/keyring", "@jitl/quickjs-wasmfile-release-sync"],
  esbuildPlugins: [lazyBuiltins, yamlAsModule],
  esbuildOptions(options) {
    options.conditions = ["@codex-ts/source"];
    options.legalComments = "external";
    options.chunkNames = "chunks/[name]-[hash]";
  },
  banner: {
    // CommonJS libraries in the bundle ask for built-in modules through `require`.
    js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);',
  },
  async onSuccess() {
    copyFileSync("src/launcher.sh", "dist/codex-ts");
    chmodSync("dist/codex-ts", 0o755);
  },
});
