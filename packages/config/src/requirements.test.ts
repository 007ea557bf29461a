import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { webSearchModeForTurn } from "./index.ts";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

let temp: TempHome;
let file: string;
beforeEach(async () => {
  temp = await makeTempHome();
  file = join(temp.systemFolder, "requirements.toml");
});
afterEach(() => temp[Symbol.asyncDispose]());

async function load(requirements: string, settings = "", cli: readonly string[] = []) {
  await temp.write("etc/requirements.toml", requirements);
  await nodeFs.writeFile(temp.userFile, settings);
  return (await temp.load({ overrides: { cli } })).config;
}

describe("requirements.toml", () => {
  test("an approval policy that is not allowed becomes the first that is, with a warning if it was asked for", async () => {
    const limits = 'allowed_approval_policies = ["untrusted", "on-request"]';
    expect(await load(limits, 'approval_policy = "never"')).toMatchObject({
      approvalPolicy: "untrusted",
      startupWarnings: [
        `\`approval_policy\` is untrusted, not never: ${file} allows only untrusted, on-request.`,
      ],
    });
    const silent = await load('allowed_approval_policies = ["never"]');
    expect([silent.approvalPolicy, silent.startupWarnings]).toEqual(["never", []]);
  });

  test("a flag does not get past it", async () => {
    await temp.write("etc/requirements.toml", 'allowed_sandbox_modes = ["read-only"]');
    const { config } = await temp.load({
      overrides: { flags: { sandboxMode: "danger-full-access" } },
    });
    expect([config.sandboxMode, config.startupWarnings]).toEqual([
      "read-only",
      [`\`sandbox_mode\` is read-only, not danger-full-access: ${file} allows only read-only.`],
    ]);
  });

  test("modes of other versions are no modes to fall back to", async () => {
    const limits = 'allowed_sandbox_modes = ["external-sandbox", "workspace-write", "read-only"]';
    expect((await load(limits, 'sandbox_mode = "workspace-write"')).sandboxMode).toBe(
      "workspace-write",
    );
    expect((await load(limits, 'sandbox_mode = "danger-full-access"')).sandboxMode).toBe(
      "read-only",
    );
  });

  test.each<[modes: string, asked: string | undefined, mode: string | undefined, turn: string]>([
    ["[]", undefined, "disabled", "disabled"],
    ["[]", "live", "disabled", "disabled"],
    ['["cached"]', "live", "cached", "cached"],
    ['["cached"]', "disabled", "disabled", "disabled"],
    ['["cached"]', undefined, undefined, "cached"],
    ['["live"]', undefined, "live", "live"],
    ['["live", "cached"]', "cached", "cached", "live"],
  ])("web search: of %s, asked for %s", async (modes, asked, mode, turn) => {
    const setting = asked === undefined ? "" : `web_search = "${asked}"`;
    const config = await load(`allowed_web_search_modes = ${modes}`, setting);
    const { webSearchMode, allowedWebSearchModes } = config;
    expect(webSearchMode).toBe(mode);
    const open = { type: "danger-full-access" } as const;
    expect(webSearchModeForTurn(webSearchMode, open, allowedWebSearchModes)).toBe(turn);
    expect(config.startupWarnings).toHaveLength(asked === undefined || asked === mode ? 0 : 1);
  });

  test("a feature that is pinned stays so, whatever says otherwise, without a warning", async () => {
    const config = await load(
      "[features]\nshell_tool = true\nunified_exec = false",
      "[features]\nshell_tool = false",
      ["features.unified_exec=true"],
    );
    const { features } = config;
    expect([features.enabled("shell_tool"), features.enabled("unified_exec")]).toEqual([
      true,
      false,
    ]);
    expect(features.with({ shell_tool: false }).enabled("shell_tool")).toBe(true);
    expect(config.startupWarnings).toEqual([]);
  });

  test("a feature that needs one that is pinned off is an error that names both and the file", async () => {
    await temp.write("etc/requirements.toml", "[features]\nmulti_agent = false");
    await nodeFs.writeFile(temp.userFile, "[features]\nenable_fanout = true");
    expect(await temp.failure()).toMatchObject({
      code: "invalid_value",
      key: "features.multi_agent",
      message: `\`multi_agent\` has to be off, and a feature that is on needs the opposite; ${file} pins multi_agent = false`,
    });
  });

  test("servers that are not listed, or are another program or address, are switched off with the reason", async () => {
    const settings =
      '[mcp_servers.a]\ncommand = "a"\n[mcp_servers.b]\ncommand = "evil"\n[mcp_servers.c]\nurl = "https://c"\n[mcp_servers.d]\nurl = "https://d"\n';
    const limits =
      '[mcp_servers.a]\nidentity = { command = "a" }\n[mcp_servers.b]\nidentity = { command = "b" }\n[mcp_servers.c]\nidentity = { url = "https://c" }\n';
    const states = (servers: Awaited<ReturnType<typeof load>>["mcpServers"]) =>
      Object.entries(servers).map(([name, { enabled, disabledReason }]) => [
        name,
        enabled,
        disabledReason,
      ]);
    const reason = `not among the servers that ${file} allows`;
    expect(states((await load(limits, settings)).mcpServers)).toEqual([
      ["a", true, undefined],
      ["b", false, reason],
      ["c", true, undefined],
      ["d", false, reason],
    ]);
    const none = states((await load("[mcp_servers]", settings)).mcpServers);
    expect(none.map(([, enabled]) => enabled)).toEqual([false, false, false, false]);
  });

  test("rules on commands are handed on as they stand, with the lines where they begin", async () => {
    const rule = { pattern: [{ token: "rm" }], decision: "forbidden" };
    const inline = '{ pattern = [{ token = "rm" }], decision = "forbidden" }';
    const listed = await load(`[rules]\nprefix_rules = [\n  ${inline},\n  ${inline},\n]`);
    expect(listed.requiredCommandRules).toEqual({
      table: { prefix_rules: [rule, rule] },
      source: file,
      lines: [3, 4],
    });
    const tables = '[[rules.prefix_rules]]\npattern = [{ token = "rm" }]\ndecision = "forbidden"\n';
    expect((await load(`${tables}${tables}`)).requiredCommandRules?.lines).toEqual([1, 4]);
    expect((await load("")).requiredCommandRules).toBeUndefined();
  });

  test("limits that this version does not have, and those that nobody knows, are told", async () => {
    const config = await load('enforce_residency = "us"\nallowed_sandbox_mode = []\n');
    expect(config.startupWarnings).toEqual([
      `${file}:1:1: \`enforce_residency\` is not enforced: this version does not have what it limits.`,
      `${file}:2:1: \`allowed_sandbox_mode\` is not enforced: it is not a known requirement.`,
    ]);
  });

  test.each([
    ["allowed_sandbox_modes = [", 1, "this is not valid TOML"],
    ["allowed_approval_policies = []", 1, "must name at least one policy"],
    ['\nallowed_sandbox_modes = ["workspace-write"]', 2, 'must name "read-only"'],
    ['allowed_sandbox_modes = ["full"]', 1, 'must be one of "read-only"'],
    ["[features]\ncollab = true", 2, "use `multi_agent`"],
    ["[features]\nmulti_agnt = true", 2, "use `multi_agent`"],
    ["[features]\nunified_exec = 1", 2, "must be true or false"],
    ["[mcp_servers.a]\nidentity = {}", 2, "must hold either `command` or `url`"],
    ["[mcp_servers.a]\ncommand = 'x'", 1, "`mcp_servers.a.identity` is missing"],
  ])("%j stops the load: what it limits would be free without it", async (text, line, message) => {
    await temp.write("etc/requirements.toml", text);
    const error = await temp.failure();
    expect(error).toMatchObject({ path: file, line });
    expect(error.message).toContain(message);
  });
});

test("of several sources for a limit the account's is first, then the file, then what a managed file chose", async () => {
  await temp.write("etc/requirements.toml", 'allowed_approval_policies = ["on-request"]');
  await temp.write(
    "etc/managed_config.toml",
    'approval_policy = "never"\nsandbox_mode = "read-only"',
  );
  const { config } = await temp.load();
  expect([config.approvalPolicy, config.sandboxMode]).toEqual(["on-request", "read-only"]);
  const account = await temp.load({
    requirements: { approvalPolicies: { values: ["untrusted"], source: "the account" } },
    overrides: { flags: { sandboxMode: "workspace-write" } },
  });
  expect([account.config.approvalPolicy, account.config.sandboxMode]).toEqual([
    "untrusted",
    "read-only",
  ]);
});
