import { mkdir, symlink } from "node:fs/promises";
import type { PermissionProfile } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { createSessionGrants } from "./permission-grants.ts";
import {
  intersectProfiles,
  isEmptyProfile,
  isGranted,
  mergeProfiles,
  normalizeProfile,
} from "./permission-profile.ts";

const write = (...paths: readonly string[]): PermissionProfile => ({
  file_system: { write: paths },
});
const network: PermissionProfile = { network: { enabled: true } };

describe("a profile", () => {
  test("is empty when it asks for no path and not for the network", () => {
    const profiles = [
      {},
      { file_system: { read: [] } },
      { network: { enabled: false } },
      undefined,
    ];
    expect(profiles.map(isEmptyProfile)).toEqual([true, true, true, true]);
    expect([network, write("/a")].map(isEmptyProfile)).toEqual([false, false]);
  });

  test("is normalised to where its paths really are, each once; empty lists stay", async () => {
    await using folder = await temporaryDirectory();
    const [real, alias, missing] = ["real", "alias", "missing"].map((name) => folder.join(name));
    await mkdir(String(real));
    await symlink(String(real), String(alias));
    expect(
      await normalizeProfile({
        network: {},
        file_system: { read: [], write: [String(alias), String(real), String(missing)] },
      }),
    ).toEqual({ file_system: { read: [], write: [real, missing] } });
  });
});

describe("merging", () => {
  test("unites the lists and the network", () => {
    expect(
      mergeProfiles({ ...network, file_system: { write: ["/a"] } }, write("/a", "/b")),
    ).toEqual({ ...network, file_system: { write: ["/a", "/b"] } });
    expect(mergeProfiles(/*base*/ undefined, network)).toEqual(network);
    expect(mergeProfiles(/*base*/ undefined, /*added*/ undefined)).toBeUndefined();
  });
});

describe("what was granted of a request", () => {
  test("is the paths that are granted word for word, and the network if both say so", () => {
    expect(intersectProfiles(write("/a", "/b"), write("/b", "/c"))).toEqual(write("/b"));
    expect(intersectProfiles({ ...network, ...write("/a") }, write("/a"))).toEqual(write("/a"));
    expect(intersectProfiles(write("/a/b"), write("/a"))).toEqual({});
  });

  test("keeps a requested empty list only if that list was granted at all", () => {
    const requested = { file_system: { read: [], write: ["/a"] } };
    expect(intersectProfiles(requested, requested)).toEqual(requested);
    expect(intersectProfiles(requested, write("/a"))).toEqual(write("/a"));
    expect(intersectProfiles(requested, {})).toEqual({});
  });

  test("covers the request when nothing of it is missing", () => {
    expect(isGranted(write("/a"), write("/a", "/b"))).toBe(true);
    expect(isGranted(write("/a", "/c"), write("/a", "/b"))).toBe(false);
    expect(isGranted(write("/a"), /*granted*/ undefined)).toBe(false);
  });
});

describe("grants", () => {
  test("of a turn end with it, those of the session hold in every turn", () => {
    const session = createSessionGrants();
    const first = session.forTurn();
    first.grant(write("/turn"), "turn");
    first.grant(network, "session");
    expect(first.current()).toEqual({ ...network, ...write("/turn") });
    expect(session.forTurn().current()).toEqual(network);
  });

  test("that grant nothing are not kept", () => {
    const grants = createSessionGrants().forTurn();
    grants.grant({ file_system: { read: [] } }, "session");
    expect(grants.current()).toBeUndefined();
  });
});
