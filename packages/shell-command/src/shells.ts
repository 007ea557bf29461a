// Which shell a program is, which one a user has, and how a script is handed to it.
import { stat } from "node:fs/promises";
import { userInfo } from "node:os";
import nodePath from "node:path";

/**
 * The shells whose scripts and options are known; `powershell` is both `pwsh` and Windows
 * PowerShell.
 */
export type ShellKind = "bash" | "zsh" | "sh" | "powershell" | "cmd";

/** A shell of this machine. */
export interface Shell {
  readonly kind: ShellKind;
  /** Where its program is; a bare name when no file was found. */
  readonly path: string;
}

/** What the choice of a shell depends on. */
export interface ShellLookups {
  readonly platform: NodeJS.Platform;
  /** The login shell of the user's passwd entry; null when there is none. */
  readonly loginShell: string | null;
  /** The value of `PATH`. */
  readonly searchPath: string;
  isFile(path: string): Promise<boolean>;
}

const programs: Record<ShellKind, readonly string[]> = {
  bash: ["bash"],
  zsh: ["zsh"],
  sh: ["sh"],
  powershell: ["pwsh", "powershell"],
  cmd: ["cmd"],
};

const fallbackPaths: Record<ShellKind, string | null> = {
  bash: "/bin/bash",
  zsh: "/bin/zsh",
  sh: "/bin/sh",
  powershell: "/usr/local/bin/pwsh",
  cmd: null,
};

/** The shell that a program is, by its file name without extension; null for any other program. */
export function shellKindOf(program: string): ShellKind | null {
  const name = program.slice(Math.max(program.lastIndexOf("/"), program.lastIndexOf("\\")) + 1);
  const stem = name.replace(/(?<=.)\.[^.]*$/, "");
  for (const [kind, names] of Object.entries(programs)) {
    if (names.includes(name) || names.includes(stem)) return kind as ShellKind;
  }
  return null;
}

/** The lookups of this process's machine and user. */
export function systemShellLookups(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ShellLookups {
  return {
    platform: process.platform,
    loginShell: loginShellOfUser(),
    searchPath: env["PATH"] ?? env["Path"] ?? "",
    isFile: (path) =>
      stat(path).then(
        (status) => status.isFile(),
        () => false,
      ),
  };
}

function loginShellOfUser(): string | null {
  try {
    return userInfo().shell;
  } catch {
    // A user without a passwd entry, as in many containers.
    return null;
  }
}

/**
 * The program for a kind of shell: `preferredPath` if it is a file, else the user's login shell if it
 * is of that kind, else the first one in the search path, else the usual place. Null when none exists.
 */
export async function findShell(
  kind: ShellKind,
  lookups: ShellLookups,
  preferredPath?: string,
): Promise<Shell | null> {
  const { loginShell } = lookups;
  const candidates = [
    preferredPath,
    loginShell !== null && shellKindOf(loginShell) === kind ? loginShell : undefined,
    ...programs[kind].flatMap((name) => placesInSearchPath(name, lookups)),
    fallbackPaths[kind],
  ];
  for (const path of candidates) {
    if (typeof path === "string" && (await lookups.isFile(path))) return { kind, path };
  }
  return null;
}

function placesInSearchPath(name: string, { platform, searchPath }: ShellLookups): string[] {
  const { delimiter, isAbsolute, join } = platform === "win32" ? nodePath.win32 : nodePath.posix;
  const file = platform === "win32" ? `${name}.exe` : name;
  return searchPath
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !isStoreAliasFolder(folder, platform))
    .map((folder) => join(folder, file));
}

/** The folder in which Windows keeps stubs that open its store instead of running a program. */
function isStoreAliasFolder(folder: string, platform: NodeJS.Platform): boolean {
  return platform === "win32" && /\\microsoft\\windowsapps\\?$/i.test(folder);
}

/**
 * The shell in which to run a user's commands. On Unix it is the login shell, if it is bash, zsh or sh
 * (so a user of fish gets one of these); else bash or zsh, on macOS the other way round; at last
 * `/bin/sh`. On Windows it is PowerShell, at last `cmd.exe`.
 */
export async function defaultShell(lookups: ShellLookups = systemShellLookups()): Promise<Shell> {
  for (const kind of preferredKinds(lookups)) {
    const shell = await findShell(kind, lookups);
    if (shell !== null) return shell;
  }
  return lookups.platform === "win32"
    ? { kind: "cmd", path: "cmd.exe" }
    : { kind: "sh", path: "/bin/sh" };
}

function preferredKinds({ platform, loginShell }: ShellLookups): ShellKind[] {
  if (platform === "win32") return ["powershell"];
  const login = loginShell === null ? null : shellKindOf(loginShell);
  const usual: ShellKind[] = platform === "darwin" ? ["zsh", "bash"] : ["bash", "zsh"];
  return login === null ? usual : [login, ...usual];
}

/**
 * The argv that runs `script` in `shell`.
 *
 * @param options.login whether the shell reads the user's profile first.
 * @example
 * shellArgv({ kind: "bash", path: "/bin/bash" }, "ls", { login: true }); // ["/bin/bash", "-lc", "ls"]
 */
export function shellArgv(
  shell: Shell,
  script: string,
  options: { readonly login: boolean },
): string[] {
  switch (shell.kind) {
    case "powershell":
      return [shell.path, ...(options.login ? [] : ["-NoProfile"]), "-Command", script];
    case "cmd":
      return [shell.path, "/c", script];
    case "bash":
    case "zsh":
    case "sh":
      return [shell.path, options.login ? "-lc" : "-c", script];
  }
}

/** A call of bash, zsh or sh with a script. */
export interface ShellCall {
  readonly kind: "bash" | "zsh" | "sh";
  readonly program: string;
  readonly flag: "-c" | "-lc";
  readonly script: string;
}

/** Reads an argv as a call of bash, zsh or sh: exactly three words, the second `-lc` or `-c`. */
export function parseShellCall(argv: readonly string[]): ShellCall | null {
  const [program, flag, script] = argv;
  if (argv.length !== 3 || program === undefined || script === undefined) return null;
  if (flag !== "-lc" && flag !== "-c") return null;
  const kind = shellKindOf(program);
  if (kind !== "bash" && kind !== "zsh" && kind !== "sh") return null;
  return { kind, program, flag, script };
}

/**
 * The script of a PowerShell call: the word after `-Command` or `-c` when it is the last one and only
 * `-NoLogo` and `-NoProfile` stand before; null for any other argv.
 */
export function parsePowerShellCall(argv: readonly string[]): string | null {
  const [program, ...rest] = argv;
  const script = rest.at(-1);
  if (program === undefined || script === undefined || rest.length < 2) return null;
  if (shellKindOf(program.toLowerCase()) !== "powershell") return null;
  const [command, ...earlier] = rest.slice(0, -1).toReversed();
  if (!/^-(?:command|c)$/i.test(command ?? "")) return null;
  return earlier.every((flag) => /^-(?:nologo|noprofile)$/i.test(flag)) ? script : null;
}
