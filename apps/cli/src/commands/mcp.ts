// `codex-ts mcp …`: the MCP servers of the settings. No server is started or asked here.
import {
  addMcpServerEdits,
  editConfigFile,
  type LoadedConfig,
  type McpServerConfig,
  type McpTransport,
  removeMcpServerEdits,
} from "@codex-ts/config";
import { Failure } from "../failure.ts";
import { openConfig, orFailure } from "../open-config.ts";
import type { NewServer, SettingsInvocation } from "../settings-grammar.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { userFileOf } from "./config.ts";
import { textTable } from "./text-table.ts";

type McpInvocation = Extract<SettingsInvocation, { readonly command: `mcp ${string}` }>;

const notStarted =
  "note: this version does not start MCP servers yet; it keeps their settings for programs that do\n";

export async function runMcp(invocation: McpInvocation, terminal: Terminal): Promise<number> {
  switch (invocation.command) {
    case "mcp list": {
      const servers = serversOf(await load(invocation, terminal));
      if (invocation.json) terminal.stdout(json(servers.map(listedServer)));
      else terminal.stdout(serverTables(servers));
      if (servers.length > 0) terminal.stderr(notStarted);
      return 0;
    }
    case "mcp get": {
      const { name } = invocation;
      const server = serversOf(await load(invocation, terminal)).find((each) => each.name === name);
      if (server === undefined) throw new Failure(`No MCP server named '${name}' found.`);
      terminal.stdout(invocation.json ? json(describedServer(server)) : serverText(server));
      return 0;
    }
    case "mcp add":
      return add(invocation.name, invocation.server, terminal);
    case "mcp remove":
      return remove(invocation.name, terminal);
  }
}

async function load({ config: flags }: McpInvocation, terminal: Terminal): Promise<LoadedConfig> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  return (await openConfig(flags, terminal, cwd)).loaded;
}

async function add(name: string, server: NewServer, terminal: Terminal): Promise<number> {
  const file = await userFileOf(terminal);
  await orFailure(async () => editConfigFile(file, addMcpServerEdits(name, server)));
  terminal.stdout(`Added global MCP server '${name}'.\n`);
  terminal.stderr(notStarted);
  return 0;
}

async function remove(name: string, terminal: Terminal): Promise<number> {
  const file = await userFileOf(terminal);
  const { changed } = await orFailure(async () => editConfigFile(file, removeMcpServerEdits(name)));
  terminal.stdout(
    changed ? `Removed global MCP server '${name}'.\n` : `No MCP server named '${name}' found.\n`,
  );
  return 0;
}

interface Server extends McpServerConfig {
  readonly name: string;
  /** As written, in seconds; null when the default counts. */
  readonly startupSeconds: number | null;
  readonly toolSeconds: number | null;
}

function serversOf({ config, effective }: LoadedConfig): readonly Server[] {
  const written = (effective["mcp_servers"] ?? {}) as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  return Object.entries(config.mcpServers)
    .map(([name, server]): Server => {
      const own = written[name] ?? {};
      const isStartupSet = "startup_timeout_sec" in own || "startup_timeout_ms" in own;
      return {
        ...server,
        name,
        startupSeconds: isStartupSet ? server.startupTimeoutMs / 1000 : null,
        toolSeconds: "tool_timeout_sec" in own ? server.toolTimeoutMs / 1000 : null,
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A record that holds something, else null. */
function orNull<T extends object>(record: T): T | null {
  return Object.keys(record).length === 0 ? null : record;
}

function transportJson(transport: McpTransport): object {
  if (transport.type === "stdio") {
    const { type, command, args, env, envVars, cwd } = transport;
    return { type, command, args, env: orNull(env), env_vars: envVars, cwd: cwd ?? null };
  }
  return {
    type: transport.type,
    url: transport.url,
    bearer_token_env_var: transport.bearerTokenEnvVar ?? null,
    http_headers: orNull(transport.httpHeaders),
    env_http_headers: orNull(transport.envHttpHeaders),
  };
}

/** How a server is logged in to, as far as the settings tell: to know more it would have to be asked. */
function authOf({ transport }: Server): "unsupported" | "bearer_token" | "unknown" {
  if (transport.type === "stdio") return "unsupported";
  return transport.bearerTokenEnvVar === undefined ? "unknown" : "bearer_token";
}

const authWords = { unsupported: "Unsupported", bearer_token: "Bearer token", unknown: "Unknown" };

function listedServer(server: Server): object {
  return {
    name: server.name,
    enabled: server.enabled,
    disabled_reason: server.disabledReason ?? null,
    transport: transportJson(server.transport),
    startup_timeout_sec: server.startupSeconds,
    tool_timeout_sec: server.toolSeconds,
    auth_status: authOf(server),
  };
}

function describedServer(server: Server): object {
  return {
    name: server.name,
    enabled: server.enabled,
    disabled_reason: server.disabledReason ?? null,
    transport: transportJson(server.transport),
    enabled_tools: server.enabledTools ?? null,
    disabled_tools: server.disabledTools.length === 0 ? null : server.disabledTools,
    startup_timeout_sec: server.startupSeconds,
    tool_timeout_sec: server.toolSeconds,
  };
}

const masked = "*****";

/** Variables that are set, their values hidden, and the names of those that are handed on. */
function envWords(env: Readonly<Record<string, string>>, handedOn: readonly string[]): string {
  const set = Object.keys(env).toSorted();
  const all = [...set, ...handedOn.filter((name) => !set.includes(name))];
  return all.map((name) => `${name}=${masked}`).join(", ") || "-";
}

function headerWords(headers: Readonly<Record<string, string>>): string {
  const names = Object.keys(headers).toSorted();
  return names.map((name) => `${name}=${masked}`).join(", ") || "-";
}

function stateOf({ enabled, disabledReason }: Server): string {
  if (enabled) return "enabled";
  return disabledReason === undefined ? "disabled" : `disabled: ${disabledReason}`;
}

function serverTables(servers: readonly Server[]): string {
  if (servers.length === 0) {
    return "No MCP servers configured yet. Try codex-ts mcp add my-tool -- my-command\n";
  }
  const programs: string[][] = [];
  const addresses: string[][] = [];
  for (const server of servers) {
    const { name, transport } = server;
    const last = [stateOf(server), authWords[authOf(server)]];
    if (transport.type === "stdio") {
      const { command, args, env, envVars, cwd } = transport;
      programs.push([
        name,
        command,
        args.join(" ") || "-",
        envWords(env, envVars),
        cwd ?? "-",
        ...last,
      ]);
    } else addresses.push([name, transport.url, transport.bearerTokenEnvVar ?? "-", ...last]);
  }
  const tables = [
    [["Name", "Command", "Args", "Env", "Cwd", "Status", "Auth"], programs] as const,
    [["Name", "Url", "Bearer Token Env Var", "Status", "Auth"], addresses] as const,
  ];
  return tables
    .filter(([, rows]) => rows.length > 0)
    .map(([head, rows]) => textTable(head, rows))
    .join("\n");
}

function serverText(server: Server): string {
  const { name, transport, enabled, enabledTools, disabledTools } = server;
  if (!enabled) return `${name} (${stateOf(server)})\n`;
  const lines = [name, "  enabled: true"];
  const say = (key: string, value: string | number): void => {
    lines.push(`  ${key}: ${value}`);
  };
  if (enabledTools !== undefined) say("enabled_tools", enabledTools.join(", ") || "-");
  if (disabledTools.length > 0) say("disabled_tools", disabledTools.join(", "));
  say("transport", transport.type);
  if (transport.type === "stdio") {
    say("command", transport.command);
    say("args", transport.args.join(" ") || "-");
    say("cwd", transport.cwd ?? "-");
    say("env", envWords(transport.env, transport.envVars));
  } else {
    say("url", transport.url);
    say("bearer_token_env_var", transport.bearerTokenEnvVar ?? "-");
    say("http_headers", headerWords(transport.httpHeaders));
    const fromVariables = Object.entries(transport.envHttpHeaders).toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    );
    say(
      "env_http_headers",
      fromVariables.map(([header, variable]) => `${header}=${variable}`).join(", ") || "-",
    );
  }
  if (server.startupSeconds !== null) say("startup_timeout_sec", server.startupSeconds);
  if (server.toolSeconds !== null) say("tool_timeout_sec", server.toolSeconds);
  say("remove", `codex-ts mcp remove ${name}`);
  return `${lines.join("\n")}\n`;
}
