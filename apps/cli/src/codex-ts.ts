#!/usr/bin/env node
// The entry: answers `--version` from next to nothing and loads the rest through the compile cache.
import nodeModule from "node:module";
import { compileCacheFolder } from "./compile-cache.ts";
import { isOldNode, oldNodeText } from "./node-version.ts";
import { version } from "./version.ts";

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  process.stdout.write(`codex-ts ${version}\n`);
} else if (isOldNode(process.versions.node)) {
  process.stderr.write(oldNodeText(process.versions.node));
  process.exitCode = 1;
} else {
  const folder = compileCacheFolder(process.env);
  if (folder !== null) nodeModule.enableCompileCache(folder);
  const { main } = await import("./main.ts");
  process.exitCode = await main(args);
}
