// MCP servers: from the table as written to one transport each.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { McpServerConfig, McpTransport } from "./config.ts";
import type { Problem } from "./shape.ts";
import type { Settings } from "./check-settings.ts";

type McpServerSettings = NonNullable<Settings["mcp_servers"]>[string];

const onlyStdio = ["args", "env", "env_vars", "cwd"] as const;
const onlyHttp = [
  "bearer_token_env_var",
  "http_headers",
  "env_http_headers",
  "oauth_resource",
] as const;

/** What keeps a server from being used, or undefined. */
function findProblem(name: string, server: McpServerSettings): Problem | undefined {
  const at = (...keys: string[]) => ["mcp_servers", name, ...keys];
  const label = `mcp_servers.${name}`;
  if (server.bearer_token !== undefined) {
    return {
      path: at("bearer_token"),
      message: `\`${label}\`: a bearer token cannot stand in the file; put it into a variable and name that with \`bearer_token_env_var\``,
    };
  }
  if (server.command === undefined && server.url === undefined) {
    return {
      path: at(),
      message: `\`${label}\`: invalid transport; set \`command\` for a program or \`url\` for an HTTP server`,
    };
  }
  const isStdio = server.command !== undefined;
  const misplaced = (isStdio ? (["url", ...onlyHttp] as const) : onlyStdio).find(
    (key) => server[key] !== undefined,
  );
  if (misplaced === undefined) return undefined;
  return {
    path: at(misplaced),
    message: `\`${label}\`: \`${misplaced}\` is not supported for ${isStdio ? "stdio, which `command` chose" : "streamable_http, which `url` chose"}; remove one of them`,
  };
}

function transportOf(server: McpServerSettings): McpTransport {
  if (server.command !== undefined) {
    return {
      type: "stdio",
      command: server.command,
      args: server.args ?? [],
      env: server.env ?? {},
      envVars: server.env_vars ?? [],
      cwd: server.cwd as AbsolutePath | undefined,
    };
  }
  return {
    type: "streamable_http",
    url: server.url ?? "",
    bearerTokenEnvVar: server.bearer_token_env_var,
    httpHeaders: server.http_headers ?? {},
    envHttpHeaders: server.env_http_headers ?? {},
    oauthResource: server.oauth_resource,
  };
}

function startupTimeoutMs(server: McpServerSettings): number {
  if (server.startup_timeout_sec !== undefined) return server.startup_timeout_sec * 1000;
  return server.startup_timeout_ms ?? 30_000;
}

/** The servers, and what is wrong with those that cannot be used. */
export function toMcpServers(servers: Settings["mcp_servers"]): {
  readonly servers: Readonly<Record<string, McpServerConfig>>;
  readonly problems: readonly Problem[];
} {
  const entries = Object.entries(servers ?? {});
  const problems = entries.flatMap(([name, server]) => findProblem(name, server) ?? []);
  const configured = entries.map(([name, server]): [string, McpServerConfig] => [
    name,
    {
      transport: transportOf(server),
      enabled: server.enabled ?? true,
      required: server.required ?? false,
      startupTimeoutMs: startupTimeoutMs(server),
      toolTimeoutMs: (server.tool_timeout_sec ?? 120) * 1000,
      enabledTools: server.enabled_tools,
      disabledTools: server.disabled_tools ?? [],
      scopes: server.scopes,
      toolApprovalModes: Object.fromEntries(
        Object.entries(server.tools ?? {}).flatMap(([tool, { approval_mode: mode }]) =>
          mode === undefined ? [] : [[tool, mode]],
        ),
      ),
    },
  ]);
  return { servers: Object.fromEntries(configured), problems };
}
