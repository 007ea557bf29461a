import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type {
  FileSystemSandboxEntry,
  FileSystemSandboxPolicy,
  SandboxPolicy,
  SpecialPath,
} from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveAccess } from "./access.ts";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { intersectProfiles, mergeProfiles, normalizeProfile } from "./permission-profile.ts";
import { SandboxError } from "./sandbox.ts";
import { needsDirectEnforcement, toSandboxPolicy } from "./to-sandbox-policy.ts";

let cwd: AbsolutePath;
beforeEach(() => {
  cwd = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-projections-`)));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const special = (
  kind: SpecialPath["kind"],
  access: "read" | "write" | "none",
): FileSystemSandboxEntry => ({
  path: { type: "special", value: { kind } as SpecialPath },
  access,
});
const at = (path: string, access: "read" | "write" | "none"): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});
const restricted = (...entries: readonly FileSystemSandboxEntry[]): FileSystemSandboxPolicy => ({
  kind: "restricted",
  entries,
});
const project = (fileSystem: FileSystemSandboxPolicy, network: "enabled" | "restricted") =>
  toSandboxPolicy({ fileSystem, network }, { cwd });

describe("toSandboxPolicy", () => {
  test("what confines no files is full access with the network, and an outer sandbox without", () => {
    expect([
      project({ kind: "unrestricted" }, "enabled"),
      project({ kind: "unrestricted" }, "restricted"),
      project({ kind: "external-sandbox" }, "enabled"),
      project(restricted(special("root", "write")), "restricted"),
    ]).toEqual([
      { type: "danger-full-access" },
      { type: "external-sandbox", network_access: "restricted" },
      { type: "external-sandbox", network_access: "enabled" },
      { type: "external-sandbox", network_access: "restricted" },
    ]);
  });

  test("writes to the workspace make it workspace-write, by any of its names", () => {
    const expected = {
      type: "workspace-write",
      writable_roots: ["/srv"],
      network_access: true,
      exclude_tmpdir_env_var: true,
      exclude_slash_tmp: false,
    };
    for (const workspace of [
      special("current_working_directory", "write"),
      special("project_roots", "write"),
      at(cwd, "write"),
    ]) {
      const entries = [special("root", "read"), workspace, special("slash_tmp", "write")];
      expect(project(restricted(...entries, at("/srv", "write")), "enabled")).toEqual(expected);
    }
  });

  test("listed reads are listed, with or without the system's folders", () => {
    expect(project(restricted(at("/srv", "read")), "restricted")).toEqual({
      type: "read-only",
      access: {
        type: "restricted",
        include_platform_defaults: false,
        readable_roots: ["/srv"],
      },
    });
    expect(project(restricted(special("minimal", "read")), "enabled")).toEqual({
      type: "read-only",
      access: { type: "restricted", include_platform_defaults: true },
      network_access: true,
    });
  });

  test("a write of an unknown kind opens nothing", () => {
    expect(project(restricted(special("unknown", "write")), "restricted")).toEqual({
      type: "read-only",
      access: { type: "restricted", include_platform_defaults: false },
    });
  });

  test("writes outside a workspace that stays read-only cannot be said", () => {
    const attempt = () =>
      project(restricted(special("root", "read"), at("/srv", "write")), "enabled");
    expect(attempt).toThrow(SandboxError);
    expect(attempt).toThrow("writes outside the workspace root (/srv)");
  });

  test("every policy comes back with the same answers", () => {
    mkdirSync(join(cwd, ".git"));
    const policies: readonly SandboxPolicy[] = [
      { type: "danger-full-access" },
      { type: "external-sandbox", network_access: "restricted" },
      { type: "read-only" },
      { type: "read-only", network_access: true },
      { type: "read-only", access: { type: "restricted", readable_roots: ["/srv"] } },
      { type: "workspace-write" },
      { type: "workspace-write", exclude_slash_tmp: true, writable_roots: ["/srv"] },
      {
        type: "workspace-write",
        read_only_access: { type: "restricted", include_platform_defaults: false },
        network_access: true,
      },
    ];
    const probes = [
      "x",
      ".git/config",
      ".codex/config.toml",
      "/srv/x",
      "/etc/passwd",
      "/tmp/x",
      "/",
    ];
    for (const policy of policies) {
      const there = fromSandboxPolicy(policy, { cwd });
      const back = fromSandboxPolicy(toSandboxPolicy(there, { cwd }), { cwd });
      const answers = ({ fileSystem, network }: typeof there) => [
        network,
        ...probes.map((probe) => resolveAccess(fileSystem, probe, { cwd })),
      ];
      expect([policy, answers(back)]).toEqual([policy, answers(there)]);
      expect([policy, needsDirectEnforcement(there, { cwd })]).toEqual([policy, false]);
    }
  });
});

describe("needsDirectEnforcement", () => {
  test.each([
    ["a read-only folder in the workspace", () => [at(join(cwd, "docs"), "read")], true],
    ["a denied folder", () => [at(join(cwd, "docs"), "none")], true],
    [
      "a denied pattern",
      () => [{ path: { type: "glob_pattern", pattern: "**/.env" }, access: "none" }],
      true,
    ],
    ["another writable folder", () => [at("/srv", "write")], false],
    ["nothing else", () => [], false],
  ] satisfies [string, () => FileSystemSandboxEntry[], boolean][])("%s", (_, more, expected) => {
    mkdirSync(join(cwd, "docs"));
    const fileSystem = restricted(
      special("root", "read"),
      special("current_working_directory", "write"),
      ...more(),
    );
    expect(needsDirectEnforcement({ fileSystem, network: "restricted" }, { cwd })).toBe(expected);
  });

  test("everything writable but for one read-only folder, and writes outside the workspace alone", () => {
    const answers = [
      restricted(special("root", "write"), at("/srv", "read")),
      restricted(special("root", "read"), at("/srv", "write")),
      { kind: "unrestricted" } as const,
    ].map((fileSystem) => needsDirectEnforcement({ fileSystem, network: "enabled" }, { cwd }));
    expect(answers).toEqual([true, true, false]);
  });
});

describe("permission profiles", () => {
  test("normalising follows links, lists each path once, keeps empty lists and drops what says nothing", () => {
    mkdirSync(join(cwd, "real"));
    symlinkSync("real", join(cwd, "link"));
    const [real, link] = [join(cwd, "real"), join(cwd, "link")];
    expect(
      normalizeProfile({ file_system: { read: [], write: [link, real, "/nowhere/x"] } }),
    ).toEqual({ file_system: { read: [], write: [real, "/nowhere/x"] } });
    expect(normalizeProfile({ network: {}, file_system: {} })).toEqual({});
    expect(normalizeProfile({ network: { enabled: false } })).toEqual({
      network: { enabled: false },
    });
  });

  test("grants add up", () => {
    const write = { file_system: { write: ["/a"] } };
    expect([
      mergeProfiles(/*base*/ undefined, /*added*/ undefined),
      mergeProfiles(/*base*/ undefined, {}),
      mergeProfiles(write, /*added*/ undefined),
      mergeProfiles(/*base*/ undefined, write),
      mergeProfiles(write, { network: { enabled: true }, file_system: { write: ["/b", "/a"] } }),
      mergeProfiles({ network: { enabled: false } }, { file_system: { read: ["/r"] } }),
      mergeProfiles({ file_system: { read: [] } }, { file_system: { read: [] } }),
    ]).toEqual([
      undefined,
      undefined,
      write,
      write,
      { network: { enabled: true }, file_system: { write: ["/a", "/b"] } },
      { file_system: { read: ["/r"] } },
      undefined,
    ]);
  });

  test.each([
    [
      { read: [], write: ["/p"] },
      { read: [], write: ["/p"] },
      { read: [], write: ["/p"] },
    ],
    [{ read: [], write: ["/p"] }, undefined, undefined],
    [{ read: ["/p"] }, { read: [] }, undefined],
    [{ read: ["/p"] }, { read: ["/p", "/q"], write: ["/p"] }, { read: ["/p"] }],
    [{ write: ["/a/b"] }, { write: ["/a"] }, undefined],
  ])("nobody gets more files than were asked for: %o of %o", (asked, given, expected) => {
    const profile = (file_system: typeof asked | undefined) =>
      file_system === undefined ? {} : { file_system };
    expect(intersectProfiles(profile(asked), profile(given))).toEqual(profile(expected));
  });

  test("the network opens when both say so", () => {
    const open = { network: { enabled: true } };
    expect([
      intersectProfiles(open, open),
      intersectProfiles(open, {}),
      intersectProfiles({}, open),
      intersectProfiles({ network: { enabled: false } }, open),
    ]).toEqual([open, {}, {}, {}]);
  });

  test("a client's grant that is no list of paths grants nothing, whatever words it holds", () => {
    const granted = JSON.parse(`{"file_system":{"write":"/a/b","read":null},"macos":{}}`);
    const requested = { file_system: { read: [], write: ["/a"] } };
    expect(intersectProfiles(requested, granted)).toEqual({});
    expect(intersectProfiles(requested, JSON.parse(`{"file_system":null}`))).toEqual({});
  });
});
