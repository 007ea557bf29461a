import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { createRequire } from "node:module";
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
  // The bundler strips the types of its own configuration, and Node warns of that.
  const quiet = "--disable-warning=ExperimentalWarning";
  const build = (...args: readonly string[]) =>
    execFileSync(process.execPath, [quiet, tsup, ...args, "--silent"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
  build("--config", "../../tsup.config.ts");
  build("bench/overhead-sample.ts", "--no-config", "--format", "esm", "--out-dir", scratch);
  const program = join(scratch, "overhead-sample.mjs");
  renameSync(join(scratch, "overhead-sample.js"), program);
  const packageUrl = pathToFileURL(join(folder, "dist/index.js")).href;
  return (request) => {
    const argument = JSON.stringify({ ...request, packageUrl });
    const output = execFileSync(process.execPath, [program, argument], { encoding: "utf8" });
    return JSON.parse(output) as Sample;
  };
}
