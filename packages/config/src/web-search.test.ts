import type { SandboxPolicy, WebSearchMode } from "@codex-ts/protocol";
import { expect, test } from "vitest";
import { webSearchModeForTurn } from "./index.ts";

const open: SandboxPolicy = { type: "danger-full-access" };
const closed: SandboxPolicy = { type: "read-only" };

test.each<[WebSearchMode | undefined, SandboxPolicy, WebSearchMode[] | undefined, WebSearchMode]>([
  [undefined, closed, undefined, "cached"],
  ["live", closed, undefined, "live"],
  ["disabled", closed, undefined, "disabled"],
  ["cached", open, undefined, "live"],
  [undefined, open, ["cached"], "cached"],
  ["disabled", open, undefined, "disabled"],
  ["live", closed, ["cached"], "cached"],
  ["live", open, [], "disabled"],
])("preferred %s under %j with %j allowed is %s", (preferred, sandbox, allowed, mode) => {
  expect(webSearchModeForTurn(preferred, sandbox, allowed)).toBe(mode);
});
