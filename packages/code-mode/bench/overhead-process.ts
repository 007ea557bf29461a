import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sample, SampleRequest } from "./overhead-sample.ts";

/** Takes one sample in a fresh process. */
export type Sampler = (request: SampleRequest) => Sample;

/**
 * Builds the package and what takes the samples: the published code is measured, and no process spends
 * time and memory on types that it would have to strip first.
 *
 * @param scratch the folder for the program of the samples
 */
export function createSampler(root: string, scratch: string): Sampler {
  const folder = join(root, "packages/code-mode");
  const tsup = createRequire(join(root, "package.json")).resolve("tsup/dist/cli-default.js");
  execFileSync(process.execPath, [tsup, "--config", "../../tsup.config.ts", "--silent"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const program = join(scratch, "overhead-sample.mjs");
  const source = new URL("./overhead-sample.ts", import.meta.url);
  writeFileSync(program, stripTypeScriptTypes(readFileSync(source, "utf8")));
  const packageUrl = pathToFileURL(join(folder, "dist/index.js")).href;
  return (request) => {
    const argument = JSON.stringify({ ...request, packageUrl });
    const output = execFileSync(process.execPath, [program, argument], { encoding: "utf8" });
    return JSON.parse(output) as Sample;
  };
}
