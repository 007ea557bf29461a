// Permissions that a person granted for a while: until the turn ends, or the session does.
import type { PermissionProfile } from "@codex-ts/protocol";
import { mergeProfiles } from "@codex-ts/sandboxing/policy";
import { asksForNothing } from "./permission-profile.ts";

/** How long a grant lasts. */
export type GrantScope = "turn" | "session";

/** What commands and patches of one turn may do beyond the sandbox policy, unasked. */
export interface PermissionGrants {
  /** Everything that holds now; undefined when there is nothing. */
  current(): PermissionProfile | undefined;
  /** Adds a grant. One that grants nothing is not kept. */
  grant(profile: PermissionProfile, scope: GrantScope): void;
}

/** The grants of one session. */
export interface SessionGrants {
  /** The grants that a new turn has: those of the session, and its own when they come. */
  forTurn(): PermissionGrants;
}

/** Makes the grants of a session, none at first. */
export function createSessionGrants(): SessionGrants {
  let ofSession: PermissionProfile | undefined;
  return {
    forTurn() {
      let ofTurn: PermissionProfile | undefined;
      return {
        current: () => mergeProfiles(ofSession, ofTurn),
        grant(profile, scope) {
          if (asksForNothing(profile)) return;
          if (scope === "session") ofSession = mergeProfiles(ofSession, profile);
          else ofTurn = mergeProfiles(ofTurn, profile);
        },
      };
    },
  };
}
