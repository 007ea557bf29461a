// requirements.toml: limits that an administrator sets for everybody on a machine.
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { closestName, featureForKey, isFeatureKey, knownFeatureKeys } from "@codex-ts/features";
import type { AskForApproval, SandboxMode, WebSearchMode } from "@codex-ts/protocol";
import { refuseProblems } from "./diagnose.ts";
import { formatPlace } from "./errors.ts";
import { formatKeyPath } from "./key-path.ts";
import { type ConfigLayer, parseConfigText, type ReadFile, readText } from "./layers.ts";
import { createOrigins } from "./origins.ts";
import type { ConfigRequirements, McpServerIdentity } from "./requirements.ts";
import { findProblems, type Problem, type Shape, unknownKeys } from "./shape.ts";

const sandboxModes = ["read-only", "workspace-write", "danger-full-access"] as const;
const webSearchModes = ["cached", "live", "disabled"] as const;

const keys = {
  allowed_approval_policies: {
    each: { words: ["untrusted", "on-failure", "on-request", "never"] },
  },
  allowed_sandbox_modes: { each: { words: [...sandboxModes, "external-sandbox"] } },
  allowed_web_search_modes: { each: { words: webSearchModes } },
  features: { entries: "boolean" },
  feature_requirements: { entries: "boolean" },
  rules: { keys: { prefix_rules: { each: "any" } } },
  mcp_servers: {
    entries: {
      keys: { identity: { keys: { command: "string", url: "string" } } },
      required: ["identity"],
    },
  },
} as const satisfies Readonly<Record<string, Shape>>;

/** Limits that other versions know. Silence would look like obedience. */
const notEnforced: ReadonlySet<string> = new Set([
  "apps",
  "enforce_residency",
  "experimental_network",
  "guardian_developer_instructions",
]);

/** A table whose types have been checked. */
interface RequirementsToml {
  readonly allowed_approval_policies?: readonly AskForApproval[];
  readonly allowed_sandbox_modes?: readonly (SandboxMode | "external-sandbox")[];
  readonly allowed_web_search_modes?: readonly WebSearchMode[];
  readonly features?: Readonly<Record<string, boolean>>;
  readonly feature_requirements?: Readonly<Record<string, boolean>>;
  readonly rules?: { readonly prefix_rules?: readonly unknown[] };
  readonly mcp_servers?: Readonly<Record<string, { readonly identity: McpServerIdentity }>>;
}

export interface ReadRequirements {
  readonly requirements: ConfigRequirements;
  /** What the file asks for and does not get. */
  readonly warnings: readonly string[];
}

/**
 * Reads the limits of a machine.
 *
 * @throws ConfigError when the file is there and cannot be used: what it limits would be free without it.
 */
export async function readRequirements(
  systemFolder: AbsolutePath | null,
  readFile: ReadFile,
): Promise<ReadRequirements> {
  if (systemFolder === null) return { requirements: {}, warnings: [] };
  const file = join(systemFolder, "requirements.toml");
  const text = await readText(file, readFile);
  if (text === undefined) return { requirements: {}, warnings: [] };
  const table = await parseConfigText(text, file);
  const layer: ConfigLayer = { name: { type: "system", file }, file, text, table };
  const origins = createOrigins([{ layer, prefix: [] }], []);
  refuseProblems(findProblems({ keys }, table), origins);
  const toml = table as RequirementsToml;
  refuseProblems(contradictions(toml), origins);
  const warnings = [...unknownKeys({ keys }, table)].map(({ path }) => {
    const key = formatKeyPath(path);
    const why = notEnforced.has(String(path[0]))
      ? "this version does not have what it limits"
      : "it is not a known requirement";
    return `${formatPlace(origins.inLayer(layer, path, "key"))}: \`${key}\` is not enforced: ${why}.`;
  });
  const lineOf = (index: number): number | null =>
    origins.inLayer(layer, ["rules", "prefix_rules", index]).line ?? null;
  const commandRules = toml.rules && {
    table: toml.rules,
    source: file,
    lines: (toml.rules.prefix_rules ?? []).map((_, index) => lineOf(index)),
  };
  return {
    requirements: { ...requirementsOf(toml, file), ...(commandRules && { commandRules }) },
    warnings,
  };
}

/** What the types alone do not tell. */
function contradictions(toml: RequirementsToml): readonly Problem[] {
  const problems: Problem[] = [];
  const say = (path: readonly string[], message: string): void => {
    problems.push({ path, message: `\`${formatKeyPath(path)}\` ${message}` });
  };
  if (toml.allowed_approval_policies?.length === 0) {
    say(["allowed_approval_policies"], "must name at least one policy");
  }
  if (toml.allowed_sandbox_modes?.includes("read-only") === false) {
    say(["allowed_sandbox_modes"], 'must name "read-only": it is what others fall back to');
  }
  for (const section of ["features", "feature_requirements"] as const) {
    for (const name of Object.keys(toml[section] ?? {})) {
      if (isFeatureKey(name)) continue;
      const meant = featureForKey(name) ?? closestName(name, knownFeatureKeys());
      const hint = meant === undefined ? "" : `; use \`${meant}\``;
      say([section, name], `is not the name of a feature${hint}`);
    }
  }
  for (const [name, { identity }] of Object.entries(toml.mcp_servers ?? {})) {
    if (Object.keys(identity).length !== 1) {
      say(["mcp_servers", name, "identity"], "must hold either `command` or `url`");
    }
  }
  return problems;
}

function requirementsOf(toml: RequirementsToml, source: string): ConfigRequirements {
  const {
    allowed_approval_policies: policies,
    allowed_sandbox_modes: modes,
    allowed_web_search_modes: search,
    mcp_servers: servers,
  } = toml;
  const [policy, ...otherPolicies] = policies ?? [];
  const [readOnly, ...otherModes] = sandboxModes;
  const pins = { ...toml.feature_requirements, ...toml.features };
  return {
    ...(policy !== undefined && {
      approvalPolicies: { values: [policy, ...otherPolicies], source },
    }),
    ...(modes !== undefined && {
      sandboxModes: {
        values: [readOnly, ...otherModes.filter((mode) => modes.includes(mode))],
        source,
      },
    }),
    ...(search !== undefined && { webSearchModes: { values: allowedSearch(search), source } }),
    ...(Object.keys(pins).length > 0 && {
      features: { pins, source },
    }),
    ...(servers !== undefined && {
      mcpServers: {
        servers: Object.fromEntries(
          Object.entries(servers).map(([name, { identity }]) => [name, identity]),
        ),
        source,
      },
    }),
  };
}

/** Not to search is always allowed. */
function allowedSearch(search: readonly WebSearchMode[]): [WebSearchMode, ...WebSearchMode[]] {
  const [first, ...others] = webSearchModes.filter(
    (mode) => search.includes(mode) && mode !== "disabled",
  );
  return first === undefined ? ["disabled"] : [first, ...others, "disabled"];
}
