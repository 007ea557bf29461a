// `[permissions]` and `default_permissions`: what a profile compiles to, and when it is in force.
import { join } from "@codex-ts/absolute-path";
import { describe, expect, test } from "vitest";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

const team = (more = "") => `default_permissions = "team"
[permissions.team.filesystem]
":minimal" = "read"
"/srv/data" = "read"
"/srv/data/keys" = "none"
"~/notes" = "write"
[permissions.team.filesystem.":project_roots"]
"." = "write"
"third_party" = "read"
"**/.env" = "none"
${more}`;

const atPath = (path: string, access: string) => ({ path: { type: "path", path }, access });
const special = (value: object, access: string) => ({ path: { type: "special", value }, access });
const pattern = (text: string) => ({
  path: { type: "glob_pattern", pattern: text },
  access: "none",
});

/** What a home with this configuration is set to. */
async function configOf(toml: string, options: Parameters<TempHome["load"]>[0] = {}) {
  await using temp = await makeTempHome(toml);
  const { config } = await temp.load(options);
  const { permissions, sandboxMode, sandboxPolicy, startupWarnings } = config;
  return { temp, permissions, sandboxMode, sandboxPolicy, startupWarnings };
}

describe("a permission profile", () => {
  test("compiles to entries in the order of their keys", async () => {
    const { temp, ...found } = await configOf(team("[permissions.team.network]\nenabled = true"));
    expect(found).toEqual({
      permissions: {
        name: "team",
        network: "enabled",
        fileSystem: {
          kind: "restricted",
          entries: [
            atPath("/srv/data", "read"),
            atPath("/srv/data/keys", "none"),
            special({ kind: "minimal" }, "read"),
            pattern("**/.env"),
            special({ kind: "project_roots" }, "write"),
            special({ kind: "project_roots", subpath: "third_party" }, "read"),
            atPath(join(temp.home, "notes"), "write"),
          ],
        },
      },
      sandboxMode: "workspace-write",
      sandboxPolicy: {
        type: "workspace-write",
        writable_roots: [join(temp.home, "notes")],
        network_access: true,
        exclude_tmpdir_env_var: true,
        exclude_slash_tmp: true,
      },
      startupWarnings: [],
    });
  });

  test("that writes outside the workspace alone is named read-only, and needs a writing mode", async () => {
    const found = await configOf(
      `default_permissions = "p"\n[permissions.p.filesystem]\n":root" = "read"\n"/srv" = "write"\n`,
    );
    expect([found.sandboxMode, found.sandboxPolicy, found.permissions?.network]).toEqual([
      "workspace-write",
      { type: "read-only" },
      "restricted",
    ]);
  });

  test("tables nest below folders, and a bracket is part of a name", async () => {
    const { permissions } = await configOf(
      `default_permissions = "p"\n[permissions.p.filesystem."/srv"]\n"." = "read"\n"app/[id]" = "write"\n"*.key" = "none"\n`,
    );
    expect(permissions?.fileSystem.entries).toEqual([
      pattern("/srv/*.key"),
      atPath("/srv", "read"),
      atPath("/srv/app/[id]", "write"),
    ]);
  });

  test("takes further writable folders where it lets something be written", async () => {
    const flags = { additionalWritableRoots: ["more"] };
    const { temp, ...writing } = await configOf(team(), { overrides: { flags } });
    expect(writing.permissions?.fileSystem.entries?.at(-1)).toEqual(
      atPath(join(temp.work, "more"), "write"),
    );
    const reading = await configOf(
      `default_permissions = "p"\n[permissions.p.filesystem]\n":root" = "read"\n`,
      { overrides: { flags } },
    );
    expect([reading.permissions?.fileSystem.entries, reading.startupWarnings]).toEqual([
      [special({ kind: "root" }, "read")],
      ["The additional writable folders have no effect: the sandbox is read-only."],
    ]);
  });

  test("says what it does not know or cannot enforce, and gives less rather than more", async () => {
    const { permissions, startupWarnings } = await configOf(
      `default_permissions = "p"\n[permissions.p.filesystem]\n":later" = "write"\n[permissions.p.network]\nenabled = true\ndomains = { "example.com" = "allow" }\n`,
    );
    expect(permissions).toEqual({
      name: "p",
      network: "restricted",
      fileSystem: {
        kind: "restricted",
        entries: [special({ kind: "unknown", path: ":later" }, "write")],
      },
    });
    expect(startupWarnings).toEqual([
      "The permission profile `p` names :later, which this version does not know and ignores; a newer one may be needed.",
      "The permission profile `p` limits the network by `domains`, which this version cannot enforce: commands have no network at all. Remove the limits to give them all of it.",
    ]);
    const empty = await configOf(`default_permissions = "p"\n[permissions.p]\n`);
    expect(empty.startupWarnings).toEqual([
      "The permission profile `p` has no `filesystem` entries: commands can read and write nothing.",
    ]);
  });

  test.each([
    [
      `default_permissions = "taem"\n[permissions.team]\n`,
      "permission profile `taem` not found; did you mean `team`? (there are: team); define it as [permissions.taem]",
      1,
    ],
    [
      `[permissions.p.filesystem]\n":root" = "read"\n`,
      "permission profiles are defined, and none is chosen: set `default_permissions` to the name of one, or `sandbox_mode`",
      undefined,
    ],
    [
      `default_permissions = "p"\n[permissions.p.filesystem]\n"docs" = "read"\n`,
      '"docs" is no place: write an absolute path, a path that starts with ~/, or one of :root, :minimal, :project_roots, :tmpdir',
      3,
    ],
    [
      `default_permissions = "p"\n[permissions.p.filesystem.":project_roots"]\n"../x" = "read"\n`,
      '"../x" does not lie below :project_roots: write a relative path without "." and ".."',
      3,
    ],
    [
      `default_permissions = "p"\n[permissions.p.filesystem.":minimal"]\nx = "read"\n`,
      ":minimal does not support nested entries",
      3,
    ],
    [
      `default_permissions = "p"\n[permissions.p.filesystem]\n"/srv/*" = "read"\n`,
      'a path with wildcards can only be denied ("none"); name the folder to read it',
      3,
    ],
  ])("%j is refused, with its place", async (toml, message, line) => {
    await using temp = await makeTempHome(toml);
    const error = await temp.failure();
    expect([error.code, error.message]).toEqual(["invalid_value", message]);
    expect(line === undefined ? undefined : error.line).toBe(line);
  });
});

describe("which key decides", () => {
  const mode = `sandbox_mode = "read-only"\n`;

  test("the highest layer that sets one; in one layer the profile", async () => {
    const inForce = async (toml: string, cli: readonly string[] = [], profile?: string) =>
      (await configOf(toml, { overrides: { cli, profile } })).permissions?.name;
    expect({
      both: await inForce(mode + team()),
      modeAbove: await inForce(team(), ["sandbox_mode=read-only"]),
      profileAbove: await inForce(`${mode}[permissions.team.filesystem]\n":root" = "read"\n`, [
        "default_permissions=team",
      ]),
      configProfile: await inForce(
        `${team()}\n[profiles.quick]\nsandbox_mode = "workspace-write"\n`,
        [],
        "quick",
      ),
    }).toEqual({
      both: "team",
      modeAbove: undefined,
      profileAbove: "team",
      configProfile: undefined,
    });
  });

  test("a flag for the mode stands above all", async () => {
    const { permissions, sandboxPolicy } = await configOf(team(), {
      overrides: { flags: { sandboxMode: "read-only" } },
    });
    expect([permissions, sandboxPolicy]).toEqual([undefined, { type: "read-only" }]);
  });

  test("a profile that allows more than an administrator does is not used, and that is said", async () => {
    await using temp = await makeTempHome(team());
    const { config } = await temp.load({
      requirements: { sandboxModes: { values: ["read-only"], source: "the account" } },
    });
    expect([config.permissions, config.sandboxPolicy, config.startupWarnings]).toEqual([
      undefined,
      { type: "read-only" },
      [
        "The permission profile `team` is not used, and `sandbox_mode` is read-only: the profile allows as much as workspace-write, and the account allows only read-only.",
      ],
    ]);
  });
});
