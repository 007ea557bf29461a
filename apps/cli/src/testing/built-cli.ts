// The command line as it ships: the bundle, built once for all test files that run it.
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import nodePath from "node:path";
import { runProcess, waitFor } from "@codex-ts/test-support";

export interface BuiltCli {
  /** The bundle's entry, for `node`. */
  readonly entry: string;
  /** The launcher, which can be started as it is. */
  readonly launcher: string;
}

const app = nodePath.resolve(import.meta.dirname, "../..");
// Inside the app's node_modules, where the bundle finds the packages that it leaves out.
const cache = nodePath.join(app, "node_modules/.cache/test-builds");

/** For the hook that waits for the build, so that no test pays for it. */
export const buildTimeoutMs = 150_000;

let built: Promise<BuiltCli> | undefined;

/** The bundle of the sources as they are now; built when no test file has done so before. */
export function builtCli(): Promise<BuiltCli> {
  built ??= findOrBuild();
  return built;
}

async function findOrBuild(): Promise<BuiltCli> {
  const folder = nodePath.join(cache, await sourcesDigest());
  await mkdir(cache, { recursive: true });
  const lock = `${folder}.lock`;
  await waitFor(async () => (await exists(folder)) || (await tryMkdir(lock)), {
    timeoutMs: 120_000,
    intervalMs: 100,
    describe: `another test file has built the command line, or ${lock} is free`,
  });
  try {
    if (!(await exists(folder))) await build(folder);
  } finally {
    await rmdir(lock).catch(() => {});
  }
  return {
    entry: nodePath.join(folder, "codex-ts.js"),
    launcher: nodePath.join(folder, "codex-ts"),
  };
}

async function build(folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  const tsup = createRequire(nodePath.join(app, "../../package.json")).resolve(
    "tsup/dist/cli-default.js",
  );
  const result = await runProcess(
    [process.execPath, tsup, "--out-dir", unfinished, "--onSuccess", "true", "--silent"],
    { cwd: app, timeoutMs: 110_000 },
  );
  if (result.code !== 0) {
    throw new Error(`the command line cannot be built:\n${result.stdout}${result.stderr}`);
  }
  const launcher = nodePath.join(unfinished, "codex-ts");
  await copyFile(nodePath.join(app, "src/launcher.sh"), launcher);
  await chmod(launcher, 0o755);
  for (const name of await readdir(cache)) {
    const old = nodePath.join(cache, name);
    const isOld = old !== unfinished && !name.endsWith(".lock");
    if (isOld && (await minutesOld(old)) > 60) await rm(old, { recursive: true, force: true });
  }
  await rename(unfinished, folder);
}

/** A digest of the path, size and time of every source that can be in the bundle. */
async function sourcesDigest(): Promise<string> {
  const digest = createHash("sha256");
  const packages = nodePath.join(app, "../../packages");
  const folders = [
    nodePath.join(app, "src"),
    ...(await readdir(packages)).map((name) => nodePath.join(packages, name, "src")),
  ];
  const files = [
    nodePath.join(app, "tsup.config.ts"),
    nodePath.join(app, "package.json"),
    nodePath.join(app, "../../pnpm-lock.yaml"),
  ];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || /\.test\.|[/\\]testing$/.test(entry.name)) continue;
      files.push(nodePath.join(entry.parentPath, entry.name));
    }
  }
  for (const file of files.sort()) {
    const found = await stat(file).catch(() => null);
    if (found !== null) digest.update(`${file}\0${found.size}\0${found.mtimeMs}\n`);
  }
  return digest.digest("hex").slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function tryMkdir(path: string): Promise<boolean> {
  if ((await minutesOld(path)) > 3) await rmdir(path).catch(() => {});
  return mkdir(path).then(
    () => true,
    () => false,
  );
}

async function minutesOld(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found === null ? 0 : (Date.now() - found.mtimeMs) / 60_000;
}
