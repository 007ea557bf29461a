import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { FileSystemSandboxEntry, FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fromSandboxPolicy } from "./legacy-policy.ts";
import { buildSeatbeltArgs } from "./seatbelt.ts";

let ws: AbsolutePath;
beforeEach(() => {
  ws = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-seatbelt-`)));
});
afterEach(() => rmSync(ws, { recursive: true, force: true }));

const root = (access: "read" | "write"): FileSystemSandboxEntry => ({
  path: { type: "special", value: { kind: "root" } },
  access,
});
const at = (path: string, access: "read" | "write" | "none"): FileSystemSandboxEntry => ({
  path: { type: "path", path },
  access,
});
const build = (
  entries: readonly FileSystemSandboxEntry[] | FileSystemSandboxPolicy,
  network: "enabled" | "restricted" = "restricted",
) => {
  const fileSystem = "kind" in entries ? entries : ({ kind: "restricted", entries } as const);
  const args = buildSeatbeltArgs({ fileSystem, network }, { cwd: ws });
  const [program, flag, profile = ""] = args;
  return {
    program,
    flag,
    profile,
    definitions: args.slice(3, -1),
    last: args.at(-1),
    allows: profile.split("\n").filter((line) => /^\(allow file-(?:read|write)\* \(/.test(line)),
  };
};

describe("the profile", () => {
  test("is handed to the system's own sandbox-exec, and denies by default", () => {
    const { program, flag, profile, definitions, last } = build([root("read")]);
    expect([program, flag, definitions, last]).toEqual(["/usr/bin/sandbox-exec", "-p", [], "--"]);
    expect(profile.startsWith("(version 1)\n(deny default)\n")).toBe(true);
    expect(profile.endsWith("; allow read-only file operations\n(allow file-read*)")).toBe(true);
  });

  test("lets preferences be read, and never written", () => {
    for (const entries of [[root("read")], [root("read"), at(ws, "write")]]) {
      const { profile } = build(entries, "enabled");
      expect(profile).toContain("(allow user-preference-read)");
      expect(profile).toContain(
        '(allow ipc-posix-shm-read* (ipc-posix-name-prefix "apple.cfprefs."))',
      );
      expect(profile).toContain(
        '(global-name "com.apple.cfprefsd.daemon")\n  (global-name "com.apple.cfprefsd.agent")\n  (local-name "com.apple.cfprefsd.agent"))',
      );
      expect(profile).not.toContain("user-preference-write");
    }
  });

  test("tells programs the kind of processor", () => {
    const { profile } = build([root("read")]);
    for (const name of ["machdep.cpu.brand_string", "hw.model", "hw.logicalcpu"]) {
      expect(profile).toContain(`(sysctl-name "${name}")`);
    }
  });

  test("has balanced brackets and no open string, whatever is in it", () => {
    const policies = [
      build([root("read")], "enabled"),
      build([
        { path: { type: "special", value: { kind: "minimal" } }, access: "read" },
        at(ws, "write"),
      ]),
      build([root("write"), at(join(ws, 'a"b'), "none")], "enabled"),
    ];
    for (const { profile } of policies) {
      let depth = 0;
      const code = profile.replaceAll(/;.*$/gm, "").replaceAll(/#?"(?:\\.|[^"\\])*"/g, "");
      for (const character of code) {
        if (character === "(") depth += 1;
        if (character === ")") depth -= 1;
        expect(depth).toBeGreaterThanOrEqual(0);
      }
      expect(depth).toBe(0);
      expect(code).not.toContain('"');
    }
  });

  test("opens the network whole or not at all", () => {
    expect(build([root("read")]).profile).not.toContain("(allow network");
    const { profile } = build([root("read")], "enabled");
    expect(profile).toContain("(allow network-outbound)\n(allow network-inbound)");
    expect(profile).toContain('(global-name "com.apple.trustd.agent")');
  });
});

describe("files", () => {
  test("the workspace is writable but for what is protected in it", () => {
    mkdirSync(join(ws, ".git"));
    mkdirSync(join(ws, "second/.git"), { recursive: true });
    mkdirSync(join(ws, "third"));
    const { fileSystem } = fromSandboxPolicy(
      {
        type: "workspace-write",
        writable_roots: [join(ws, "second"), join(ws, "third")],
        exclude_slash_tmp: true,
      },
      { cwd: ws },
    );
    const { allows, definitions } = build(fileSystem);
    expect(definitions).toEqual([
      `-DWRITABLE_ROOT_0=${ws}`,
      `-DWRITABLE_ROOT_0_EXCLUDED_0=${ws}/.git`,
      `-DWRITABLE_ROOT_0_EXCLUDED_1=${ws}/.codex`,
      `-DWRITABLE_ROOT_0_EXCLUDED_2=${ws}/second/.git`,
      `-DWRITABLE_ROOT_1=${ws}/second`,
      `-DWRITABLE_ROOT_1_EXCLUDED_0=${ws}/second/.git`,
      `-DWRITABLE_ROOT_2=${ws}/third`,
    ]);
    const excluded = (name: string) =>
      `(require-not (literal (param "${name}"))) (require-not (subpath (param "${name}")))`;
    expect(allows).toEqual([
      `(allow file-write* (require-all (subpath (param "WRITABLE_ROOT_0")) ${[0, 1, 2]
        .map((index) => excluded(`WRITABLE_ROOT_0_EXCLUDED_${index}`))
        .join(
          " ",
        )}) (require-all (subpath (param "WRITABLE_ROOT_1")) ${excluded("WRITABLE_ROOT_1_EXCLUDED_0")}) (subpath (param "WRITABLE_ROOT_2")))`,
    ]);
  });

  test("a denied folder is out of reach for both, when everything else is open", () => {
    mkdirSync(join(ws, "secret"));
    const { definitions } = build([root("write"), at(join(ws, "secret"), "none")]);
    expect(definitions).toEqual([
      "-DREADABLE_ROOT_0=/",
      `-DREADABLE_ROOT_0_EXCLUDED_0=${ws}/secret`,
      "-DWRITABLE_ROOT_0=/",
      `-DWRITABLE_ROOT_0_EXCLUDED_0=${ws}/secret`,
    ]);
  });

  test("a readable folder with a denied one in it, and both by their real names", () => {
    mkdirSync(join(ws, "real/shut"), { recursive: true });
    symlinkSync("real", join(ws, "link"));
    const { definitions, allows } = build([
      at(join(ws, "link"), "read"),
      at(join(ws, "link/shut"), "none"),
    ]);
    expect(definitions).toEqual([
      `-DREADABLE_ROOT_0=${ws}/real`,
      `-DREADABLE_ROOT_0_EXCLUDED_0=${ws}/real/shut`,
    ]);
    expect(allows).toHaveLength(1);
  });

  test("everything writable needs no list", () => {
    const { allows, definitions } = build([root("write")]);
    expect(definitions).toEqual([]);
    expect(allows).toEqual(['(allow file-write* (regex #"^/"))']);
  });

  test("denied patterns are regular expressions", () => {
    const { allows } = build([
      root("read"),
      { path: { type: "glob_pattern", pattern: "**/.env" }, access: "none" },
    ]);
    const place = ws.replaceAll(".", "\\.");
    expect(allows).toEqual([
      `(allow file-read* (require-all (subpath (param "READABLE_ROOT_0")) (require-not (regex #"^${place}/([^/]+/)*\\.env(/.*)?$"))))`,
    ]);
  });

  test("the system's folders come with minimal, and none of them is writable", () => {
    const { profile, allows } = build([
      { path: { type: "special", value: { kind: "minimal" } }, access: "read" },
    ]);
    expect(profile).toContain('(subpath "/System/Library")');
    expect(allows.filter((line) => line.includes("file-write"))).toEqual([]);
  });
});
