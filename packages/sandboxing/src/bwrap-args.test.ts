import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type {
  FileSystemAccess,
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
} from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BwrapOptions, buildBwrapArgs } from "./bwrap-args.ts";
import type { HostFileKind, HostFiles } from "./host-files.ts";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { SandboxError } from "./sandbox.ts";

let base: AbsolutePath;
let ws: AbsolutePath;
beforeEach(() => {
  base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-bwrap-`)));
  ws = folder("ws");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function folder(...parts: readonly string[]): AbsolutePath {
  const path = join(base, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

const at = (path: string, access: FileSystemAccess): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});
const special = (
  kind: "root" | "minimal" | "current_working_directory",
  access: FileSystemAccess,
): FileSystemSandboxEntry => ({ path: { type: "special", value: { kind } }, access });
const policyOf = (...entries: readonly FileSystemSandboxEntry[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries,
});

function build(
  fileSystem: FileSystemSandboxPolicy,
  options: Partial<BwrapOptions> & { readonly network?: "enabled" | "restricted" } = {},
) {
  return buildBwrapArgs(
    { fileSystem, network: options.network ?? "restricted" },
    { cwd: ws },
    { commandCwd: ws, nullFd: 5, ...options },
  );
}

/** Only the mounts that come after the base and /dev. */
function mounts(fileSystem: FileSystemSandboxPolicy, options: Partial<BwrapOptions> = {}): string {
  const line = build(fileSystem, options).args.join(" ");
  const start = line.indexOf("--dev /dev") + "--dev /dev".length;
  return line.slice(start, line.indexOf(" --unshare-user")).trim().replaceAll(base, "");
}

const covered = (path: string) => `--perms 555 --tmpfs ${path} --remount-ro ${path}`;

describe("the whole line", () => {
  test("read-only with network", () => {
    expect(build(policyOf(special("root", "read")), { network: "enabled" })).toEqual({
      args: "--new-session --die-with-parent --ro-bind / / --dev /dev --unshare-user --unshare-pid --unshare-ipc --proc /proc --cap-drop ALL --".split(
        " ",
      ),
      mountPoints: [],
      links: [],
      missingRoots: [],
    });
  });

  test("everything that can be asked for", () => {
    const { args } = build(policyOf(special("root", "read")), {
      seccompFd: 3,
      statusFd: 4,
      terminal: true,
      mountProc: false,
    });
    expect(args).toEqual(
      "--die-with-parent --ro-bind / / --dev /dev --unshare-user --unshare-pid --unshare-ipc --unshare-net --cap-drop ALL --seccomp 3 --json-status-fd 4 --".split(
        " ",
      ),
    );
  });

  test("full access without network keeps the view of the disk, devices included", () => {
    expect(build({ kind: "unrestricted" }).args).toEqual(
      "--new-session --die-with-parent --dev-bind / / --unshare-user --unshare-pid --unshare-ipc --unshare-net --proc /proc --cap-drop ALL --".split(
        " ",
      ),
    );
  });

  test("what root could write in /proc is closed, and loader variables are set inside", () => {
    const { args } = build(policyOf(special("root", "read")), {
      network: "enabled",
      isRoot: true,
      loaderVariables: { LD_LIBRARY_PATH: "lib" },
    });
    const line = args.join(" ");
    expect(line).toContain(
      "--proc /proc --ro-bind-try /proc/sys /proc/sys --ro-bind-try /proc/acpi",
    );
    expect(line).toContain("--cap-drop ALL --setenv LD_LIBRARY_PATH lib --");
  });

  test("a folder that is reached through a link is entered by its real name", () => {
    const link = join(base, "link");
    symlinkSync(ws, link);
    const { args } = build(policyOf(special("root", "read")), { commandCwd: link });
    expect(args.join(" ")).toContain(` --proc /proc --chdir ${ws} --cap-drop ALL`);
  });

  test("more mounts than bubblewrap takes are refused", () => {
    const files: HostFiles = {
      kind: () => "directory",
      realpath: (path) => fromAbsolute(path),
      readLink: () => null,
      readText: () => null,
      list: () => [],
      canWrite: () => true,
    };
    const denied = Array.from({ length: 1490 }, (_, index) => at(`/many/${index}`, "none"));
    const fileSystem = policyOf(special("root", "read"), ...denied);
    const context = { cwd: fromAbsolute("/ws"), files };
    const options = { commandCwd: "/ws", nullFd: 5 };
    expect(() => buildBwrapArgs({ fileSystem, network: "enabled" }, context, options)).toThrow(
      new SandboxError(
        "invalid_policy",
        "the sandbox policy needs 8945 mount arguments, more than the 8900 that bubblewrap takes; list folders instead of the files in them",
      ),
    );
  });
});

describe("mounts", () => {
  test("a workspace with protected folders, and a missing .codex", () => {
    folder("ws", ".git");
    const plan = build(policyOf(special("root", "read"), at(ws, "write")));
    expect(mounts(policyOf(special("root", "read"), at(ws, "write")))).toBe(
      `--bind /ws /ws ${covered("/ws/.codex")} --ro-bind /ws/.git /ws/.git`,
    );
    expect(plan.mountPoints).toEqual([join(ws, ".codex")]);
  });

  test("an empty folder that another command holds in place counts as missing", () => {
    const codex = folder("ws", ".codex");
    const policy = policyOf(special("root", "read"), at(ws, "write"));
    expect(mounts(policy)).toBe("--bind /ws /ws --ro-bind /ws/.codex /ws/.codex");
    expect(mounts(policy, { isMountPoint: (path) => path === codex })).toBe(
      `--bind /ws /ws ${covered("/ws/.codex")}`,
    );
  });

  test("writable roots that do not exist are left out and told", () => {
    folder("ws", ".codex");
    const gone = join(base, "gone");
    const policy = policyOf(special("root", "read"), at(ws, "write"), at(gone, "write"));
    expect(mounts(policy)).toBe("--bind /ws /ws --ro-bind /ws/.codex /ws/.codex");
    expect(build(policy).missingRoots).toEqual([gone]);
  });

  test("read-only folders in a root are closed, and writable ones in those opened again", () => {
    folder("ws", ".codex");
    folder("ws", "docs", "public");
    const policy = policyOf(
      special("root", "read"),
      at(ws, "write"),
      at(join(ws, "docs"), "read"),
      at(join(ws, "docs", "public"), "write"),
    );
    expect(mounts(policy)).toBe(
      "--bind /ws /ws --ro-bind /ws/.codex /ws/.codex --ro-bind /ws/docs /ws/docs --bind /ws/docs/public /ws/docs/public",
    );
  });

  test("denied folders and files, and what is opened in them again", () => {
    folder("ws", ".codex");
    folder("ws", "a", "write");
    folder("ws", "a", "read");
    folder("ws", "b");
    writeFileSync(join(ws, "c"), "secret");
    writeFileSync(join(ws, "a", "file"), "");
    const policy = policyOf(
      special("root", "read"),
      at(ws, "write"),
      at(join(ws, "a"), "none"),
      at(join(ws, "a", "write"), "write"),
      at(join(ws, "a", "read"), "read"),
      at(join(ws, "a", "file"), "write"),
      at(join(ws, "b"), "none"),
      at(join(ws, "c"), "none"),
    );
    expect(mounts(policy)).toBe(
      [
        "--bind /ws /ws --ro-bind /ws/.codex /ws/.codex",
        "--perms 111 --tmpfs /ws/a --bind /ws/a/file /ws/a/file",
        "--ro-bind /ws/a/read /ws/a/read --bind /ws/a/write /ws/a/write --remount-ro /ws/a",
        "--perms 000 --tmpfs /ws/b --remount-ro /ws/b --perms 000 --ro-bind-data 5 /ws/c",
      ].join(" "),
    );
  });

  test("a denied path outside the writable roots, and one that does not exist", () => {
    folder("secrets");
    const policy = policyOf(
      special("root", "read"),
      at(join(base, "secrets"), "none"),
      at(join(base, "gone"), "none"),
    );
    expect(mounts(policy)).toBe("--perms 000 --tmpfs /secrets --remount-ro /secrets");
  });

  test("folders on the way to a protected path are pinned under the root's own bind", () => {
    folder("ws", ".codex");
    folder("ws", "x", "y", "private");
    const policy = policyOf(
      special("root", "read"),
      at(ws, "write"),
      at(join(ws, "x", "y", "private"), "none"),
    );
    expect(mounts(policy)).toBe(
      [
        "--bind /ws/x /ws/x --bind /ws/x/y /ws/x/y --bind /ws /ws --ro-bind /ws/.codex /ws/.codex",
        "--perms 000 --tmpfs /ws/x/y/private --remount-ro /ws/x/y/private",
      ].join(" "),
    );
  });

  test("over an empty file system the pins stand on the root's own folders", () => {
    folder("ws", ".codex");
    folder("ws", "x", "docs");
    const policy = policyOf(at(ws, "write"), at(join(ws, "x", "docs"), "read"));
    expect(mounts(policy)).toBe(
      [
        "--bind /ws /ws --bind /ws/x /ws/x --bind /ws /ws --ro-bind /ws/.codex /ws/.codex",
        "--ro-bind /ws/x/docs /ws/x/docs",
      ].join(" "),
    );
  });

  test("a missing path deeper down is covered at its first missing part", () => {
    folder("ws", ".codex");
    const policy = policyOf(
      special("root", "read"),
      at(ws, "write"),
      at(join(ws, "a", "b"), "read"),
    );
    expect(mounts(policy)).toBe(
      `--bind /ws /ws --ro-bind /ws/.codex /ws/.codex ${covered("/ws/a")}`,
    );
    expect(build(policy).mountPoints).toEqual([join(ws, "a")]);
  });

  test("nothing is covered where nothing can be made anyway", () => {
    const files: HostFiles = {
      kind: (path): HostFileKind | null => (path === "/" || path === "/ro" ? "directory" : null),
      realpath: (path) => (path === "/" || path === "/ro" ? fromAbsolute(path) : null),
      readLink: () => null,
      readText: () => null,
      list: () => [],
      canWrite: () => false,
    };
    const cwd = fromAbsolute("/ro");
    const plan = buildBwrapArgs(
      { fileSystem: policyOf(special("root", "read"), at("/ro", "write")), network: "enabled" },
      { cwd, files },
      { commandCwd: cwd, nullFd: 5 },
    );
    expect(plan.mountPoints).toEqual([]);
    expect(plan.args.join(" ")).toContain("--dev /dev --bind /ro /ro --unshare-user");
  });
});

describe("links", () => {
  const policy = () => policyOf(special("root", "read"), at(ws, "write"));

  test("a protected link to a folder of the workspace closes that folder", () => {
    folder("ws", "decoy");
    symlinkSync("decoy", join(ws, ".codex"));
    expect(mounts(policy())).toBe("--bind /ws /ws --ro-bind /ws/decoy /ws/decoy");
    expect(build(policy()).links).toEqual([join(ws, ".codex")]);
  });

  test("one that leads into a missing folder covers that one", () => {
    symlinkSync("missing/deeper", join(ws, ".codex"));
    expect(mounts(policy())).toBe(`--bind /ws /ws ${covered("/ws/missing")}`);
    expect(build(policy()).mountPoints).toEqual([join(ws, "missing")]);
  });

  test("one that leads out of the workspace needs no mount, one that goes in circles gets none", () => {
    folder("outside");
    symlinkSync("../outside", join(ws, ".codex"));
    expect(mounts(policy())).toBe("--bind /ws /ws");
    rmSync(join(ws, ".codex"));
    symlinkSync(".codex", join(ws, ".codex"));
    expect(mounts(policy())).toBe("--bind /ws /ws");
  });

  test("one that leads to the workspace itself does not close it", () => {
    symlinkSync(".", join(ws, ".codex"));
    expect(mounts(policy())).toBe("--bind /ws /ws");
  });

  test("a link into another writable root is closed there, after that root is opened", () => {
    const other = folder("a-sibling", "target");
    symlinkSync(other, join(ws, ".codex"));
    const both = policyOf(
      special("root", "read"),
      at(ws, "write"),
      at(join(base, "a-sibling"), "write"),
    );
    expect(mounts(both)).toBe(
      "--bind /a-sibling /a-sibling --ro-bind /a-sibling/target /a-sibling/target --bind /ws /ws",
    );
  });

  test("a denied link hides its target and keeps the link in sight", () => {
    folder("ws", ".codex");
    folder("ws", "real");
    symlinkSync("real", join(ws, "door"));
    const denied = policyOf(special("root", "read"), at(ws, "write"), at(join(ws, "door"), "none"));
    expect(mounts(denied)).toBe(
      "--bind /ws /ws --ro-bind /ws/.codex /ws/.codex --perms 000 --tmpfs /ws/real --remount-ro /ws/real",
    );
    expect(build(denied).links).toEqual([join(ws, "door")]);
  });
});

describe("the base", () => {
  const baseOf = (fileSystem: FileSystemSandboxPolicy) => build(fileSystem).args.join(" ");

  test("listed reads stand on an empty file system, with the system's folders when asked for", () => {
    const docs = folder("docs");
    expect(baseOf(policyOf(at(docs, "read")))).toContain(
      `--die-with-parent --tmpfs / --dev /dev --ro-bind ${docs} ${docs} --unshare-user`,
    );
    const line = baseOf(policyOf(special("minimal", "read"), at(docs, "read")));
    expect(line).toContain("--tmpfs / --dev /dev");
    expect(line).toContain("--ro-bind /usr /usr");
    expect(line).not.toContain("/nix/store");
  });

  test("a writable /dev is the host's, and a writable / keeps the small /dev", () => {
    const everything = policyOf(special("root", "write"), at(folder("ws", "docs"), "read"));
    expect(baseOf(everything)).toContain("--bind / / --dev /dev");
    expect(baseOf(policyOf(special("root", "read"), at("/dev", "write")))).toContain(
      "--ro-bind / / --dev /dev --dev-bind /dev /dev",
    );
  });

  test("the policy of a workspace-write session", () => {
    folder("ws", ".git");
    const tmp = folder("tmp");
    chmodSync(tmp, 0o1777);
    const context = { cwd: ws, tmpdir: tmp };
    const { fileSystem, network } = fromSandboxPolicy(
      { type: "workspace-write", exclude_slash_tmp: true },
      context,
    );
    const { args } = buildBwrapArgs({ fileSystem, network }, context, {
      commandCwd: ws,
      nullFd: 5,
    });
    expect(args.join(" ").replaceAll(base, "")).toBe(
      `--new-session --die-with-parent --ro-bind / / --dev /dev --bind /tmp /tmp --bind /ws /ws ${covered("/ws/.codex")} --ro-bind /ws/.git /ws/.git --unshare-user --unshare-pid --unshare-ipc --unshare-net --proc /proc --cap-drop ALL --`,
    );
  });
});
