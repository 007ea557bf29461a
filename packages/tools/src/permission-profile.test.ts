import type { PermissionProfile } from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { createSessionGrants } from "./permission-grants.ts";
import { asksForNothing } from "./permission-profile.ts";

const write = (...paths: readonly string[]): PermissionProfile => ({
  file_system: { write: paths },
});
const network: PermissionProfile = { network: { enabled: true } };

test("a profile without a path and without the network asks for nothing", () => {
  const profiles = [{}, { file_system: { read: [] } }, { network: { enabled: false } }, undefined];
  expect(profiles.map(asksForNothing)).toEqual([true, true, true, true]);
  expect([network, write("/a")].map(asksForNothing)).toEqual([false, false]);
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
