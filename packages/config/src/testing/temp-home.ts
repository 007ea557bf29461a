// A machine in a temporary folder: a home, a project folder, and the machine's own config folder.
import nodeFs from "node:fs/promises";
import nodeOs from "node:os";
import nodePath from "node:path";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { ConfigError } from "../errors.ts";
import { type LoadConfigOptions, type LoadedConfig, loadConfig } from "../load-config.ts";

export interface TempHome extends AsyncDisposable {
  readonly root: AbsolutePath;
  /** The person's home folder; `CODEX_HOME` is `.codex` in it. */
  readonly home: AbsolutePath;
  readonly codexHome: AbsolutePath;
  readonly userFile: AbsolutePath;
  readonly systemFolder: AbsolutePath;
  /** A folder outside any repository. */
  readonly work: AbsolutePath;
  /** Writes a file, with the folders above it; relative paths start at the root. */
  readonly write: (path: string, text: string) => Promise<AbsolutePath>;
  readonly makeFolder: (path: string) => Promise<AbsolutePath>;
  readonly load: (options?: Partial<LoadConfigOptions>) => Promise<LoadedConfig>;
  /** The error that loading ends in. */
  readonly failure: (options?: Partial<LoadConfigOptions>) => Promise<ConfigError>;
}

/** @param userToml The text of the person's config.toml. */
export async function makeTempHome(userToml?: string): Promise<TempHome> {
  const created = await nodeFs.mkdtemp(nodePath.join(nodeOs.tmpdir(), "codex-ts-config-"));
  const root = fromAbsolute(await nodeFs.realpath(created));
  const home = join(root, "home");
  const codexHome = join(home, ".codex");
  const systemFolder = join(root, "etc");
  const work = join(root, "work");
  await nodeFs.mkdir(codexHome, { recursive: true });
  await nodeFs.mkdir(work);
  const temp: TempHome = {
    root,
    home,
    codexHome,
    userFile: join(codexHome, "config.toml"),
    systemFolder,
    work,
    async write(path, text) {
      const file = join(root, path);
      await nodeFs.mkdir(nodePath.dirname(file), { recursive: true });
      await nodeFs.writeFile(file, text);
      return file;
    },
    async makeFolder(path) {
      const folder = join(root, path);
      await nodeFs.mkdir(folder, { recursive: true });
      return folder;
    },
    load: (options) =>
      loadConfig({
        codexHome,
        cwd: work,
        env: {},
        version: "0.0.0",
        home,
        systemFolder,
        platform: "linux",
        ...options,
      }),
    async failure(options) {
      try {
        await temp.load(options);
      } catch (error) {
        if (error instanceof ConfigError) return error;
        throw error;
      }
      throw new Error("the configuration was loaded without an error");
    },
    [Symbol.asyncDispose]: () => nodeFs.rm(root, { recursive: true, force: true }),
  };
  if (userToml !== undefined) await nodeFs.writeFile(temp.userFile, userToml);
  return temp;
}
