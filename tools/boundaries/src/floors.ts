// The floors table: which package has which job, and what it may import.
// A new package needs a row here before it can have a folder.

export const scope = "@codex-ts/";

/** A group of packages: every library of these floors, those for development aside. */
export interface FloorRange {
  readonly floors: readonly [lowest: number, highest: number];
  readonly except?: readonly string[];
}

export interface FloorRow {
  /** The folder under `packages/`, or `apps/cli`. */
  readonly name: string;
  /** `undefined` stands beside the house, not on a floor. */
  readonly floor: number | undefined;
  /** The package's one job, as the architecture page shows it. */
  readonly job: string;
  /** The packages of the table that it may import; `"any"` is every library. */
  readonly mayImport: "any" | readonly (string | FloorRange)[];
  /** For development alone: other packages may import it from tests, others only if their row names it. */
  readonly developmentOnly?: true;
}

const lowFloors: FloorRange = { floors: [1, 2] };

export const floorRows: readonly FloorRow[] = [
  {
    name: "absolute-path",
    floor: 1,
    job: "the AbsolutePath brand: parse, resolve, join, relativize, home expansion",
    mayImport: [],
  },
  {
    name: "code-mode",
    floor: 1,
    job: "cells of model-written JavaScript on QuickJS",
    mayImport: [],
  },
  {
    name: "lock-file",
    floor: 1,
    job: "a lock that processes take in turn by making one file",
    mayImport: [],
  },
  {
    name: "shell-command",
    floor: 1,
    job: "parse shell scripts, known-safe and dangerous commands, shell detection",
    mayImport: [],
  },
  {
    name: "protocol",
    floor: 2,
    job: "the words that everybody speaks: items, ops, events, ids, permission types",
    mayImport: ["absolute-path"],
  },
  {
    name: "apply-patch",
    floor: 2,
    job: "the patch language: parse, seek, apply, preview",
    mayImport: ["absolute-path"],
  },
  {
    name: "exec-policy",
    floor: 2,
    job: "prefix rules: parse, match, amend",
    mayImport: ["absolute-path", "lock-file", "shell-command"],
  },
  {
    name: "features",
    floor: 3,
    job: "feature registry, stages, legacy aliases, notices",
    mayImport: ["protocol"],
  },
  {
    name: "model-providers",
    floor: 3,
    job: "provider definitions, built-ins, validation",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "http-client",
    floor: 3,
    job: "one transport factory: proxies, CAs, timeouts, retries, SSE and WebSocket",
    mayImport: ["protocol"],
  },
  {
    name: "git-utils",
    floor: 3,
    job: "git facts and operations",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "sandboxing",
    floor: 3,
    job: "permissions to a launcher that runs commands so confined, and a report of what is enforced",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "hooks",
    floor: 3,
    job: "discovery, matchers, running and outcomes of lifecycle hooks",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "skills",
    floor: 3,
    job: "SKILL.md discovery and injection",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "rollout",
    floor: 3,
    job: "session files: record, list, read, archive, export; the history of prompts",
    mayImport: ["protocol", "absolute-path", "lock-file"],
  },
  {
    name: "telemetry",
    floor: 3,
    job: "OpenTelemetry set-up, span and event helpers, traceparent",
    mayImport: ["protocol"],
  },
  {
    name: "app-server-protocol",
    floor: 3,
    job: "JSON-RPC types and generated schemas",
    mayImport: ["protocol", "absolute-path"],
  },
  {
    name: "scripted-model",
    floor: 3,
    job: "a Responses API server that plays a script",
    mayImport: ["protocol"],
    developmentOnly: true,
  },
  {
    name: "config",
    floor: 4,
    job: "config.toml layers, profiles, overrides, trust, JSON schema, edits",
    mayImport: [lowFloors, "features", "model-providers"],
  },
  {
    name: "login",
    floor: 4,
    job: "token data, auth storage, AuthManager, refresh, recovery, login flows",
    mayImport: [lowFloors, "model-providers", "http-client"],
  },
  {
    name: "responses-client",
    floor: 4,
    job: "Responses API over SSE and WebSocket, error mapping",
    mayImport: ["protocol", "http-client", "telemetry"],
  },
  {
    name: "mcp-client",
    floor: 4,
    job: "MCP servers: connections, tools, calls",
    mayImport: [lowFloors, "http-client"],
  },
  {
    name: "exec-server",
    floor: 4,
    job: "environments: local or remote processes, PTYs and files",
    mayImport: [lowFloors, "sandboxing"],
  },
  {
    name: "models",
    floor: 5,
    job: "model catalogue: listing, cache, presets, fallbacks",
    mayImport: ["protocol", "model-providers", "responses-client", "http-client"],
  },
  {
    name: "tools",
    floor: 5,
    job: "the Tool contract, registry, router, approvals and the built-in tools",
    mayImport: [{ floors: [1, 4], except: ["login", "config"] }],
  },
  {
    name: "core",
    floor: 6,
    job: "threads, turns, history, compaction, fork, rollback, agents",
    mayImport: [{ floors: [1, 5] }],
  },
  {
    name: "app-server",
    floor: 7,
    job: "the engine behind JSON-RPC over stdio and WebSocket",
    mayImport: [{ floors: [1, 6] }],
  },
  {
    name: "tui",
    floor: 8,
    job: "the terminal UI, a client of the app server",
    mayImport: ["app-server-protocol", "protocol", "absolute-path"],
  },
  {
    name: "apps/cli",
    floor: 9,
    job: "parse arguments, compose, print",
    mayImport: "any",
  },
  {
    name: "test-support",
    floor: undefined,
    job: "OAuth issuer, MCP servers, temp homes and path helpers for tests",
    mayImport: ["absolute-path", "protocol", "scripted-model"],
    developmentOnly: true,
  },
];

/** What code of one package may import from its workspace siblings. */
export interface Allowance {
  /** Package folders that source and published declarations may import. */
  readonly source: ReadonlySet<string>;
  /** Package folders that tests may import: the above and what is for development. */
  readonly tests: ReadonlySet<string>;
}

function expand(row: FloorRow): ReadonlySet<string> {
  const libraries = floorRows.filter(
    (candidate) => candidate.floor !== undefined && candidate.name !== row.name,
  );
  if (row.mayImport === "any") return new Set(libraries.map((library) => library.name));
  return new Set(
    row.mayImport.flatMap((item) => {
      if (typeof item === "string") return [item];
      const [lowest, highest] = item.floors;
      return libraries
        .filter(
          ({ name, floor = Infinity, developmentOnly }) =>
            floor >= lowest &&
            floor <= highest &&
            developmentOnly !== true &&
            item.except?.includes(name) !== true,
        )
        .map(({ name }) => name);
    }),
  );
}

const developmentPackages = floorRows
  .filter((row) => row.developmentOnly === true)
  .map((row) => row.name);

/** The allowance of the package in `folder`, or `undefined` when the table has no row for it. */
export function allowanceOf(folder: string): Allowance | undefined {
  if (folder.startsWith("tools/") || folder.startsWith("examples/")) {
    const everything = new Set(floorRows.map((row) => row.name));
    return { source: everything, tests: everything };
  }
  const row = rowOf(folder);
  if (row === undefined) return undefined;
  const source = expand(row);
  const tests = new Set([...source, ...developmentPackages]);
  tests.delete(row.name);
  return { source, tests };
}

/** The row of the package in `folder` (`packages/x`, `apps/cli`). */
export function rowOf(folder: string): FloorRow | undefined {
  const name = folder.startsWith("packages/") ? folder.slice("packages/".length) : folder;
  return floorRows.find((row) => row.name === name);
}
