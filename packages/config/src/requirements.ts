// Limits that an administrator sets: no setting, profile or flag exceeds them.
import type { FeatureKey } from "@codex-ts/features";
import type { AskForApproval, SandboxMode, WebSearchMode } from "@codex-ts/protocol";
import type { McpServerConfig } from "./config.ts";
import type { ConfigLayer } from "./layers.ts";

/** The values that an administrator allows, best first: the first one replaces what is not allowed. */
export interface AllowedValues<T> {
  readonly values: readonly [T, ...T[]];
  /** Where the limit comes from, for the message. */
  readonly source: string;
}

/** Limits that no setting, profile or flag can exceed. */
export interface ConfigRequirements {
  readonly approvalPolicies?: AllowedValues<AskForApproval> | undefined;
  readonly sandboxModes?: AllowedValues<SandboxMode> | undefined;
  readonly webSearchModes?: AllowedValues<WebSearchMode> | undefined;
  /** Features that are on or off whatever the settings say. */
  readonly features?:
    | {
        readonly pins: Readonly<Partial<Record<FeatureKey, boolean>>>;
        readonly source: string;
      }
    | undefined;
  /** Rules on commands, which nothing loosens. */
  readonly commandRules?: RequiredCommandRules | undefined;
  /** The only MCP servers that may be used, by name; none of them: none at all. */
  readonly mcpServers?:
    | {
        readonly servers: Readonly<Record<string, McpServerIdentity>>;
        readonly source: string;
      }
    | undefined;
}

/** `[rules]` of `requirements.toml`, for whoever judges commands to read. */
export interface RequiredCommandRules {
  /** Not checked here. */
  readonly table: unknown;
  /** The file. */
  readonly source: string;
  /** Where each of the `prefix_rules` begins, from 1; null where that is not known. */
  readonly lines: readonly (number | null)[];
}

/** What a server of an allowed name has to be: this program, or at this address. */
export type McpServerIdentity =
  | { readonly command: string; readonly url?: undefined }
  | { readonly url: string; readonly command?: undefined };

/** A setting after the limits, and what to tell the person when it is not what they asked for. */
export interface Constrained<T> {
  readonly value: T;
  readonly warning?: string | undefined;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `asked`, or the default, as far as it is allowed. */
export function constrain<T>(
  key: string,
  asked: T | undefined,
  fallback: T,
  allowed: AllowedValues<T> | undefined,
): Constrained<T> {
  const value = asked ?? fallback;
  if (allowed === undefined || allowed.values.some((each) => show(each) === show(value))) {
    return { value };
  }
  const [replacement] = allowed.values;
  if (asked === undefined) return { value: replacement };
  return {
    value: replacement,
    warning: `\`${key}\` is ${show(replacement)}, not ${show(asked)}: ${allowed.source} allows only ${allowed.values.map(show).join(", ")}.`,
  };
}

/** The limits that a managed file sets by what it chooses. */
export function managedRequirements(managed: ConfigLayer | undefined): ConfigRequirements {
  if (managed === undefined) return {};
  const source = managed.file ?? "the managed configuration";
  const policy = managed.table["approval_policy"];
  const mode = managed.table["sandbox_mode"];
  return {
    ...(policy !== undefined && {
      approvalPolicies: { values: [policy as AskForApproval], source },
    }),
    ...(mode !== undefined && {
      sandboxModes: {
        values: mode === "read-only" ? [mode] : ["read-only", mode as SandboxMode],
        source,
      },
    }),
  };
}

/** Of several sources for one limit the first one counts. */
export function combineRequirements(
  sources: readonly (ConfigRequirements | undefined)[],
): ConfigRequirements {
  return Object.assign({}, ...sources.toReversed()) as ConfigRequirements;
}

/** The servers, with those switched off that are not allowed. */
export function allowedMcpServers(
  servers: Readonly<Record<string, McpServerConfig>>,
  allowed: ConfigRequirements["mcpServers"],
): Readonly<Record<string, McpServerConfig>> {
  if (allowed === undefined) return servers;
  const entries = Object.entries(servers).map(([name, server]): [string, McpServerConfig] => {
    const identity = Object.hasOwn(allowed.servers, name) ? allowed.servers[name] : undefined;
    const { transport } = server;
    const isAllowed =
      transport.type === "stdio"
        ? identity?.command === transport.command
        : identity?.url === transport.url;
    if (isAllowed) return [name, server];
    const disabledReason = `not among the servers that ${allowed.source} allows`;
    return [name, { ...server, enabled: false, disabledReason }];
  });
  return Object.fromEntries(entries);
}
