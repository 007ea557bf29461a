import { type TemporaryDirectory, temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { discoverHooks, type HookDiscovery } from "./discover.ts";

const run = (command: string, more: object = {}) => ({ type: "command", command, ...more });

const group = (command: string, more: object = {}) => ({ hooks: [run(command)], ...more });

const file = (hooks: unknown, more: object = {}) => JSON.stringify({ hooks, ...more }, null, 2);

const reasons = ({ listed }: HookDiscovery) => listed.map(({ state, reason }) => [state, reason]);

/** Warnings without the name of the temporary folder. */

/** Warnings without the name of the temporary folder. */
function warningsIn({ warnings }: HookDiscovery, folder: TemporaryDirectory): string[] {
  return warnings.map((warning) => warning.replaceAll(folder.path, "DIR"));
}

const claudeSettings = `{
  // allowed here
  "permissions": {},
  "hooks": {
    "PreToolUse": [{ "matcher": "Edit|Write", "hooks": [{ "type": "command", "command": "c1", "timeout": 5 }] }],
    "Stop": [{ "hooks": [
      { "type": "command", "command": "c2" },
      { "type": "command", "command": "c3", "if": "Bash(rm *)" },
      { "type": "http", "url": "http://localhost" },
    ] }],
    "SessionEnd": [{ "hooks": [{ "type": "command", "command": "c4" }] }],
  }
}`;

const geminiSettings = JSON.stringify({
  hooks: {
    enabled: true,
    BeforeTool: [
      {
        matcher: "run_.*",
        sequential: true,
        hooks: [{ type: "command", command: "g1", name: "n", timeout: 1500 }],
      },
    ],
    AfterAgent: [{ hooks: [{ type: "command", command: "g2" }] }],
    SessionStart: [{ matcher: "startup", hooks: [{ type: "command", command: "g3" }] }],
    BeforeModel: [{ hooks: [{ type: "command", command: "g4" }] }],
  },
});

test("a table names settings files of other programs, relative to its folder or to home", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    ".claude/settings.json": claudeSettings,
    "work/gemini.json": geminiSettings,
    "work/hooks.json": file({
      imports: [
        { dialect: "claude", path: "~/.claude/settings.json" },
        { dialect: "gemini", path: "gemini.json" },
        { dialect: "gemini", path: "missing.json" },
        { dialect: "other", path: "x" },
      ],
      Stop: [group("own")],
    }),
  });
  const discovery = await discoverHooks({
    layers: [{ kind: "user", folder: folder.join("work") }],
    home: folder.path,
  });
  expect(
    discovery.handlers.map(({ event, command, dialect, timeoutMs, source }) => [
      event,
      command,
      dialect,
      timeoutMs,
      source.line,
    ]),
  ).toEqual([
    ["Stop", "own", "codex", 600_000, expect.any(Number)],
    ["PreToolUse", "c1", "claude", 5000, 5],
    ["Stop", "c2", "claude", 600_000, 7],
    ["PreToolUse", "g1", "gemini", 1500, 1],
    ["SessionStart", "g3", "gemini", 60_000, 1],
    ["Stop", "g2", "gemini", 60_000, 1],
  ]);
  expect(warningsIn(discovery, folder)).toEqual([
    expect.stringMatching(/^An entry of `imports` in DIR\/work\/hooks\.json is skipped: dialect: /),
    "A Stop hook in DIR/.claude/settings.json, line 8, is skipped: the condition `if` is not supported",
    'A Stop hook in DIR/.claude/settings.json, line 9, is skipped: hooks of the type "http" are not supported; only "command" is',
    "A SessionEnd hook in DIR/.claude/settings.json, line 11, is skipped: this engine has no such moment",
    "A BeforeModel hook in DIR/work/gemini.json, line 1, is skipped: requests to the model and its answers are not open to hooks",
  ]);
});

test("words in a Claude matcher are whole names; the rest is a regular expression", async () => {
  await using folder = await temporaryDirectory();
  const matchers = ["Edit|Write", "Edit, Write", "Notebook.*", "mcp__memory", "^Bash"];
  const settings = {
    hooks: { PreToolUse: matchers.map((matcher) => group(matcher, { matcher })) },
  };
  await folder.write({ "settings.json": JSON.stringify(settings) });
  const { handlers } = await discoverHooks({
    layers: [
      { kind: "user", imports: [{ dialect: "claude", file: folder.join("settings.json") }] },
    ],
  });
  const matching = (name: string) =>
    handlers.filter(({ matches }) => matches(name)).map(({ matcher }) => matcher);
  expect(
    ["Edit", "NotebookEdit", "mcp__memory__add", "BashOutput"].map((name) => [
      name,
      matching(name),
    ]),
  ).toEqual([
    ["Edit", ["Edit|Write", "Edit, Write"]],
    ["NotebookEdit", ["Notebook.*"]],
    ["mcp__memory__add", []],
    ["BashOutput", ["^Bash"]],
  ]);
});

test("a settings file can switch its hooks off", async () => {
  await using folder = await temporaryDirectory();
  const hooks = { Stop: [group("x")], AfterAgent: [group("x")] };
  await folder.write({
    "claude.json": JSON.stringify({ disableAllHooks: true, hooks: { Stop: hooks.Stop } }),
    "gemini.json": JSON.stringify({
      hooksConfig: { enabled: false },
      hooks: { AfterAgent: hooks.AfterAgent },
    }),
  });
  const discovery = await discoverHooks({
    layers: [
      {
        kind: "user",
        imports: [
          { dialect: "claude", file: folder.join("claude.json") },
          { dialect: "gemini", file: folder.join("gemini.json") },
        ],
      },
    ],
  });
  expect(reasons(discovery)).toEqual([
    ["disabled", "the file says `disableAllHooks`"],
    ["disabled", "the file says `hooksConfig.enabled: false`"],
  ]);
});

test("a project that is not trusted cannot import, nor is what its layer imports run", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "hooks.json": file({ imports: [{ dialect: "claude", path: "claude.json" }] }),
    "claude.json": claudeSettings,
  });
  const discovery = await discoverHooks({
    layers: [
      {
        kind: "project",
        folder: folder.path,
        trust: "untrusted",
        imports: [{ dialect: "claude", file: folder.join("claude.json") }],
      },
    ],
  });
  expect(discovery.handlers).toEqual([]);
  expect(new Set(discovery.listed.map(({ state }) => state))).toEqual(new Set(["untrusted"]));
  expect(discovery.warnings).toHaveLength(1);
});
