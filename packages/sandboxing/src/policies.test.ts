import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveAccess } from "./access.ts";
import { effectiveFileSystem, effectiveNetwork, effectiveSandboxPolicy } from "./effective.ts";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { isPathWritable } from "./path-access.ts";
import { needsSandbox } from "./needs-sandbox.ts";

let cwd: AbsolutePath;
beforeEach(() => {
  cwd = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-policies-`)));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const rootRead = { path: { type: "special", value: { kind: "root" } }, access: "read" } as const;
const rootWrite = { ...rootRead, access: "write" } as const;
const minimalRead = {
  path: { type: "special", value: { kind: "minimal" } },
  access: "read",
} as const;
const cwdEntry = (access: "read" | "write") =>
  ({ path: { type: "special", value: { kind: "current_working_directory" } }, access }) as const;
const at = (path: string, access: "read" | "write" | "none") =>
  ({ path: { type: "path", path }, access }) as const;

describe("fromSandboxPolicy", () => {
  test("danger, external and read-only", () => {
    const policies: readonly SandboxPolicy[] = [
      { type: "danger-full-access" },
      { type: "external-sandbox" },
      { type: "external-sandbox", network_access: "enabled" },
      { type: "read-only" },
      { type: "read-only", network_access: true, access: { type: "restricted" } },
      {
        type: "read-only",
        access: { type: "restricted", include_platform_defaults: false, readable_roots: ["/srv"] },
      },
    ];
    expect(policies.map((policy) => fromSandboxPolicy(policy, { cwd }))).toEqual([
      { fileSystem: { kind: "unrestricted" }, network: "enabled" },
      { fileSystem: { kind: "external-sandbox" }, network: "restricted" },
      { fileSystem: { kind: "external-sandbox" }, network: "enabled" },
      { fileSystem: { kind: "restricted", entries: [rootRead] }, network: "restricted" },
      {
        fileSystem: { kind: "restricted", entries: [cwdEntry("read"), minimalRead] },
        network: "enabled",
      },
      {
        fileSystem: { kind: "restricted", entries: [cwdEntry("read"), at("/srv", "read")] },
        network: "restricted",
      },
    ]);
  });

  test("workspace-write lists its roots, then what stays protected in them", () => {
    mkdirSync(join(cwd, ".git"));
    const extra = join(cwd, "extra");
    mkdirSync(join(extra, ".agents"), { recursive: true });
    const policy: SandboxPolicy = {
      type: "workspace-write",
      writable_roots: [extra],
      exclude_tmpdir_env_var: true,
      exclude_slash_tmp: true,
    };
    expect(fromSandboxPolicy(policy, { cwd })).toEqual({
      fileSystem: {
        kind: "restricted",
        entries: [
          rootRead,
          cwdEntry("write"),
          at(extra, "write"),
          at(join(cwd, ".git"), "read"),
          at(join(cwd, ".codex"), "read"),
          at(join(extra, ".agents"), "read"),
        ],
      },
      network: "restricted",
    });
  });

  test("a readable root inside the workspace stays writable, a protected one does not", () => {
    const { fileSystem } = fromSandboxPolicy(
      {
        type: "workspace-write",
        read_only_access: {
          type: "restricted",
          readable_roots: [join(cwd, "docs"), join(cwd, ".codex"), "/srv"],
        },
        exclude_slash_tmp: true,
        exclude_tmpdir_env_var: true,
      },
      { cwd },
    );
    expect(fileSystem.entries).toEqual([
      minimalRead,
      at(join(cwd, ".codex"), "read"),
      at("/srv", "read"),
      cwdEntry("write"),
    ]);
    expect(resolveAccess(fileSystem, "docs/a", { cwd })).toBe("write");
  });

  test("a first .codex is protected before it exists", () => {
    const { fileSystem } = fromSandboxPolicy({ type: "workspace-write" }, { cwd });
    expect(resolveAccess(fileSystem, ".codex/config.toml", { cwd })).toBe("read");
  });
});

describe("grants", () => {
  test("are appended, reads before writes, and denied paths keep winning", () => {
    const base = {
      kind: "restricted",
      entries: [rootRead, at("/a", "none"), at("/b", "write")],
    } as const;
    const granted = { file_system: { write: ["/b", "/a/x"], read: ["/c"] } };
    const policy = effectiveFileSystem(base, granted);
    expect(policy).toEqual({
      kind: "restricted",
      entries: [...base.entries, at("/c", "read"), at("/a/x", "write")],
    });
    expect(resolveAccess(policy, "/a/y", { cwd })).toBe("none");
  });

  test("nothing new leaves the policy as it is", () => {
    const base = { kind: "restricted", entries: [at("/b", "write")] } as const;
    expect(effectiveFileSystem(base, /*granted*/ undefined)).toBe(base);
    expect(effectiveFileSystem(base, { network: { enabled: true } })).toBe(base);
    expect(effectiveFileSystem(base, { file_system: { write: ["/b"] } })).toEqual(base);
    const free = { kind: "unrestricted" } as const;
    expect(effectiveFileSystem(free, { file_system: { write: ["/b"] } })).toBe(free);
  });

  test("network opens when either side says so", () => {
    expect(effectiveNetwork("restricted", /*granted*/ undefined)).toBe("restricted");
    expect(effectiveNetwork("restricted", { network: { enabled: false } })).toBe("restricted");
    expect(effectiveNetwork("restricted", { network: { enabled: true } })).toBe("enabled");
    expect(effectiveNetwork("enabled", {})).toBe("enabled");
  });

  test("the label of a policy with grants", () => {
    const network = { network: { enabled: true } };
    const cases: readonly (readonly [
      SandboxPolicy,
      Parameters<typeof effectiveSandboxPolicy>[1],
    ])[] = [
      [{ type: "danger-full-access" }, { file_system: { write: ["/a"] } }],
      [{ type: "external-sandbox", network_access: "restricted" }, network],
      [{ type: "read-only" }, { ...network, file_system: { write: [] } }],
      [{ type: "read-only" }, { file_system: { write: ["/a"] } }],
      [
        { type: "read-only", access: { type: "restricted", readable_roots: ["/a"] } },
        { file_system: { read: ["/a", "/b"] } },
      ],
      [
        { type: "workspace-write", writable_roots: ["/a"] },
        { ...network, file_system: { write: ["/a", "/b"] } },
      ],
    ];
    expect(cases.map(([policy, granted]) => effectiveSandboxPolicy(policy, granted))).toEqual([
      { type: "danger-full-access" },
      { type: "external-sandbox", network_access: "enabled" },
      { type: "read-only", network_access: true },
      {
        type: "workspace-write",
        writable_roots: ["/a"],
        network_access: false,
        exclude_tmpdir_env_var: false,
        exclude_slash_tmp: false,
      },
      {
        type: "read-only",
        access: { type: "restricted", readable_roots: ["/a", "/b"] },
        network_access: false,
      },
      { type: "workspace-write", writable_roots: ["/a", "/b"], network_access: true },
    ]);
  });
});

describe("needsSandbox", () => {
  const restricted = (
    ...entries: readonly (typeof rootRead | typeof rootWrite | ReturnType<typeof at>)[]
  ) => ({ kind: "restricted", entries }) as const;

  test.each([
    ["full access with network", { kind: "unrestricted" }, "enabled", false],
    ["full access without network", { kind: "unrestricted" }, "restricted", true],
    ["external sandbox without network", { kind: "external-sandbox" }, "restricted", false],
    ["read-only with network", restricted(rootRead), "enabled", true],
    ["root write with network", restricted(rootWrite), "enabled", false],
    ["root write without network", restricted(rootWrite), "restricted", true],
    ["root write with a denied path", restricted(rootWrite, at("/a", "none")), "enabled", true],
  ] as const)("%s needs a sandbox: %s %s → %s", (_name, fileSystem, network, expected) => {
    expect(needsSandbox(fileSystem, network)).toBe(expected);
  });
});

describe("isPathWritable", () => {
  const policy: SandboxPolicy = {
    type: "workspace-write",
    exclude_slash_tmp: true,
    exclude_tmpdir_env_var: true,
  };
  const writable = (path: string, extra: Partial<Parameters<typeof isPathWritable>[1]> = {}) =>
    isPathWritable(path, { policy, policyCwd: cwd, ...extra });

  test("inside the workspace, not outside, and not what is protected", () => {
    mkdirSync(join(cwd, ".git"));
    expect({
      inside: writable("a/b"),
      absolute: writable(join(cwd, "a")),
      parent: writable(".."),
      sibling: writable(`${cwd}-other/a`),
      git: writable(".git/config"),
      codex: writable(".codex/config.toml"),
      nul: writable("a\0b"),
    }).toEqual({
      inside: true,
      absolute: true,
      parent: false,
      sibling: false,
      git: false,
      codex: false,
      nul: false,
    });
  });

  test("a link opens nothing, whether its target exists or not", () => {
    const outside = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-outside-`)));
    try {
      symlinkSync(outside, join(cwd, "folder"));
      symlinkSync(join(outside, "not-yet"), join(cwd, "dangling"));
      symlinkSync(join(cwd, "real"), join(cwd, "inner"));
      mkdirSync(join(cwd, "real"));
      expect(writable("folder/a")).toBe(false);
      expect(writable("dangling")).toBe(false);
      expect(writable("inner/a")).toBe(true);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test("the target of a protected link is protected too", () => {
    mkdirSync(join(cwd, "decoy"));
    symlinkSync("decoy", join(cwd, ".codex"));
    writeFileSync(join(cwd, "decoy", "config.toml"), "");
    expect(writable(".codex/config.toml")).toBe(false);
    expect(writable("decoy/config.toml")).toBe(false);
  });

  test("a workspace that is reached through a link is writable by both names", () => {
    const link = fromAbsolute(`${cwd}-link`);
    symlinkSync(cwd, link);
    try {
      expect(isPathWritable("a", { policy, policyCwd: link })).toBe(true);
      expect(isPathWritable(join(link, ".codex/x"), { policy, policyCwd: link })).toBe(false);
    } finally {
      rmSync(link);
    }
  });

  test("policies that confine no files allow everything, and grants and overrides count", () => {
    expect(writable("/etc/x", { policy: { type: "danger-full-access" } })).toBe(true);
    expect(writable("/etc/x", { policy: { type: "external-sandbox" } })).toBe(true);
    expect(writable("/etc/x", { fileSystem: { kind: "restricted", entries: [rootWrite] } })).toBe(
      true,
    );
    expect(
      writable("/etc/x", { additionalPermissions: { file_system: { write: ["/etc"] } } }),
    ).toBe(true);
    expect(
      writable("a", {
        policy: { type: "external-sandbox" },
        fileSystem: {
          kind: "restricted",
          entries: [cwdEntry("write"), at(join(cwd, "a"), "none")],
        },
      }),
    ).toBe(false);
  });
});
