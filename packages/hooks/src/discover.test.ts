import { createHash } from "node:crypto";
import { symlink } from "node:fs/promises";
import { type TemporaryDirectory, abs, temporaryDirectory } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { discoverHooks, type HookDiscovery, type HookLayer } from "./discover.ts";
import { type HookEventName, hookEventNames } from "./events.ts";

const run = (command: string, more: object = {}) => ({ type: "command", command, ...more });

const group = (command: string, more: object = {}) => ({ hooks: [run(command)], ...more });

const file = (hooks: unknown, more: object = {}) => JSON.stringify({ hooks, ...more }, null, 2);

async function discoverFile(text: string, layer: Partial<HookLayer> = {}): Promise<HookDiscovery> {
  await using folder = await temporaryDirectory();
  await folder.write({ "hooks.json": text });
  return await discoverHooks({ layers: [{ kind: "user", folder: folder.path, ...layer }] });
}

const commands = ({ handlers }: HookDiscovery) => handlers.map(({ command }) => command);

const reasons = ({ listed }: HookDiscovery) => listed.map(({ state, reason }) => [state, reason]);

/** Warnings without the name of the temporary folder. */
function warningsIn({ warnings }: HookDiscovery, folder: TemporaryDirectory): string[] {
  return warnings.map((warning) => warning.replaceAll(folder.path, "DIR"));
}

test("a folder without hooks.json has no hooks", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "sub/hooks.json/x": "" });
  const layers: HookLayer[] = [
    { kind: "user", folder: folder.path },
    { kind: "user", folder: folder.join("sub") },
    { kind: "managed" },
  ];
  expect(await discoverHooks({ layers })).toEqual({ handlers: [], listed: [], warnings: [] });
});

test("a handler is found with everything that is known of it", async () => {
  await using folder = await temporaryDirectory();
  const text = `{
  "description": "mine",
  "hooks": {
    "PreToolUse": [
      { "matcher": "^Bash$", "hooks": [
        { "type": "command", "command": "python3 guard.py", "timeout": 20,
          "statusMessage": "vetting", "failClosed": true, "note": 1 }
      ] }
    ]
  }
}`;
  await folder.write({ "hooks.json": text });
  const { handlers, listed, warnings } = await discoverHooks({
    layers: [{ kind: "user", folder: folder.path }],
  });
  const path = folder.join("hooks.json");
  expect(handlers).toEqual([
    {
      type: "command",
      event: "PreToolUse",
      command: "python3 guard.py",
      dialect: "codex",
      matcher: "^Bash$",
      matches: expect.any(Function),
      timeoutMs: 20_000,
      statusMessage: "vetting",
      failClosed: true,
      source: { path, line: 6, layer: "user" },
    },
  ]);
  expect(listed).toEqual([
    {
      event: "PreToolUse",
      matcher: "^Bash$",
      command: "python3 guard.py",
      dialect: "codex",
      timeoutMs: 20_000,
      statusMessage: "vetting",
      source: {
        path,
        line: 6,
        layer: "user",
        sha256: createHash("sha256").update(text).digest("hex"),
      },
      state: "runs",
      reason: null,
      displayOrder: 0,
    },
  ]);
  expect(warnings).toEqual([]);
});

test("events come in a fixed order, groups and handlers in the file's", async () => {
  const events: readonly HookEventName[] = [
    "Stop",
    "UserPromptSubmit",
    "SessionStart",
    "PostToolUse",
    "PreToolUse",
  ];
  const hooks = Object.fromEntries(
    events.map((event) => [
      event,
      [{ hooks: [run(`${event} 1`), run(`${event} 2`)] }, group(`${event} 3`)],
    ]),
  );
  const discovery = await discoverFile(file(hooks));
  expect(commands(discovery)).toEqual(
    hookEventNames.flatMap((event) => [1, 2, 3].map((index) => `${event} ${index}`)),
  );
});

test("layers add up from the lowest to the highest, and the same command twice is two handlers", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "etc/hooks.json": file({ Stop: [group("same")] }),
    "home/hooks.json": file({ Stop: [group("same")], PreToolUse: [group("pre")] }),
  });
  const discovery = await discoverHooks({
    layers: [
      { kind: "system", folder: folder.join("etc") },
      { kind: "user", folder: folder.join("home") },
    ],
  });
  expect(commands(discovery)).toEqual(["same", "pre", "same"]);
  expect(discovery.listed.map(({ displayOrder, source }) => [displayOrder, source.layer])).toEqual([
    [0, "system"],
    [1, "user"],
    [2, "user"],
  ]);
});

test("a link to hooks.json is followed", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "real.json": file({ Stop: [group("linked")] }) });
  await symlink(folder.join("real.json"), folder.join("hooks.json"));
  expect(
    commands(await discoverHooks({ layers: [{ kind: "user", folder: folder.path }] })),
  ).toEqual(["linked"]);
});

test("a timeout is 600 seconds when it is left out, at least one, and has two names", async () => {
  const hooks = [run("a"), run("b", { timeout: 0 }), run("c", { timeoutSec: 5 })];
  const { handlers } = await discoverFile(file({ Stop: [{ hooks }] }));
  expect(handlers.map(({ timeoutMs }) => timeoutMs)).toEqual([600_000, 1000, 5000]);
});

test("the matcher of an event that has no use for one is dropped, even a broken one", async () => {
  const hooks = {
    UserPromptSubmit: [group("a", { matcher: "[" })],
    Stop: [group("b", { matcher: "x" })],
  };
  const { handlers, warnings } = await discoverFile(file(hooks));
  expect(handlers.map(({ matcher, timeoutMs }) => [matcher, timeoutMs])).toEqual([
    [null, 600_000],
    [null, 600_000],
  ]);
  expect(warnings).toEqual([]);
});

test("other matchers are kept as they were written", async () => {
  const hooks = {
    PreToolUse: [group("a", { matcher: "^Bash$" }), group("b", { matcher: "*" })],
    PostToolUse: [group("c", { matcher: "Edit|Write" })],
    SessionStart: [group("d", { matcher: null }), group("e", { matcher: "" })],
  };
  const { handlers } = await discoverFile(file(hooks));
  expect(handlers.map(({ matcher }) => matcher)).toEqual(["^Bash$", "*", "Edit|Write", null, ""]);
});

test("a broken matcher costs its group and is told with file and line", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "hooks.json": file({ PreToolUse: [group("a", { matcher: "[" }), group("b")] }),
  });
  const discovery = await discoverHooks({ layers: [{ kind: "user", folder: folder.path }] });
  expect(commands(discovery)).toEqual(["b"]);
  expect(
    discovery.listed.map(({ command, state, displayOrder }) => [command, state, displayOrder]),
  ).toEqual([
    ["a", "broken", null],
    ["b", "runs", 0],
  ]);
  expect(warningsIn(discovery, folder)).toEqual([
    'A PreToolUse hook in DIR/hooks.json, line 4, is skipped: the matcher "[" is no regular expression that hooks support: the pattern ends too early (at character 1)',
  ]);
});

test("a bad handler costs only itself", async () => {
  const hooks = [
    run("good"),
    run(" \n"),
    run("x", { async: true }),
    run("x", { timeout: "5" }),
    run("x", { timeout: -1 }),
    run("x", { timeout: 1, timeoutSec: 1 }),
    run("x", { statusMessage: 1 }),
    { type: "prompt", prompt: "x" },
    { type: "agent" },
    { type: "webhook" },
    { command: "x" },
    { type: "command" },
    "x",
    run("good too"),
  ];
  const discovery = await discoverFile(file({ Stop: [{ hooks }] }));
  expect(commands(discovery)).toEqual(["good", "good too"]);
  expect(discovery.handlers.map(({ source }) => source.line)).toEqual([6, expect.any(Number)]);
  expect(reasons(discovery)).toEqual([
    ["runs", null],
    ["broken", "`command` is blank"],
    ["broken", "`async` hooks are not supported"],
    ["broken", expect.stringMatching(/^timeout: .*expected number/)],
    ["broken", expect.stringMatching(/^timeout: /)],
    ["broken", "`timeout` and `timeoutSec` are two names of one thing: give one"],
    ["broken", expect.stringMatching(/^statusMessage: /)],
    ["broken", 'hooks of the type "prompt" are not supported; only "command" is'],
    ["broken", 'hooks of the type "agent" are not supported; only "command" is'],
    ["broken", 'hooks of the type "webhook" are not supported; only "command" is'],
    ["broken", '`type` is missing; it is "command" for a command'],
    ["broken", expect.stringMatching(/^command: /)],
    ["broken", "a handler must be an object"],
    ["runs", null],
  ]);
  expect(discovery.warnings).toHaveLength(12);
});

test("a table, an event and a group of the wrong shape are each told once", async () => {
  const shapes = [
    [[], "`hooks` must be an object of events"],
    [{ Stop: {} }, "`Stop` must be a list of groups"],
    [{ Stop: ["x"] }, "a group must be an object"],
    [{ Stop: [{ matcher: 1 }] }, "`matcher` must be a string"],
    [{ Stop: [{ hooks: {} }] }, "`hooks` must be a list of handlers"],
  ] as const;
  for (const [hooks, reason] of shapes) {
    const discovery = await discoverFile(file(hooks));
    expect(reasons(discovery)).toEqual([["broken", reason]]);
    expect(discovery.warnings).toEqual([expect.stringContaining(reason)]);
  }
});

test("an event that there is not is listed, and not warned of", async () => {
  const discovery = await discoverFile(
    file({ PreCompact: [group("x")], constructor: [], Stop: [group("y")] }),
  );
  expect(commands(discovery)).toEqual(["y"]);
  expect(discovery.listed.map(({ event, state, reason }) => [event, state, reason])).toEqual([
    ["Stop", "runs", null],
    ["PreCompact", "broken", "there is no event `PreCompact` here"],
    ["constructor", "broken", "there is no event `constructor` here"],
  ]);
  expect(discovery.warnings).toEqual([]);
});

test("a file that cannot be read costs its layer's file and is told once", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "a/hooks.json": "{",
    "b/hooks.json": "[]",
    "c/hooks.json": new Uint8Array([0x7b, 0xff, 0x7d]),
    "d/hooks.json": '{ "hooks": {}, }',
    "e/hooks.json": file({ Stop: [group("good")] }),
  });
  const layers = ["a", "b", "c", "d", "e"].map((name): HookLayer => ({
    kind: "user",
    folder: folder.join(name),
  }));
  const discovery = await discoverHooks({ layers });
  expect(commands(discovery)).toEqual(["good"]);
  expect(warningsIn(discovery, folder)).toEqual([
    expect.stringMatching(/^The hooks in DIR\/a\/hooks\.json cannot be read: /),
    "The hooks in DIR/b/hooks.json cannot be read: it holds no JSON object",
    expect.stringMatching(/^The hooks in DIR\/c\/hooks\.json cannot be read: .*not valid/),
    expect.stringMatching(/^The hooks in DIR\/d\/hooks\.json cannot be read: /),
  ]);
});

test("a file without hooks is no mistake", async () => {
  for (const text of ["{}", '{"hooks":null}', '{"hooks":{}}']) {
    expect(await discoverFile(text)).toEqual({ handlers: [], listed: [], warnings: [] });
  }
});

test("hooks of a project run only when it is trusted, with or without a config.toml", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "hooks.json": file({ Stop: [group("x"), group("y")] }) });
  const discover = (trust: HookLayer["trust"]) =>
    discoverHooks({ layers: [{ kind: "project", folder: folder.path, trust }] });
  expect(commands(await discover("trusted"))).toEqual(["x", "y"]);
  const wanted = [
    ["untrusted", "the project is not trusted"],
    ["unknown", "nobody has said yet whether the project is trusted"],
    [undefined, "nobody has said yet whether the project is trusted"],
  ] as const;
  for (const [trust, reason] of wanted) {
    const discovery = await discover(trust);
    expect(commands(discovery)).toEqual([]);
    expect(reasons(discovery)).toEqual([
      ["untrusted", reason],
      ["untrusted", reason],
    ]);
    expect(warningsIn(discovery, folder)).toEqual([
      `The hooks in DIR/hooks.json do not run: ${reason}`,
    ]);
  }
});

test("an approval holds for the file as it was", async () => {
  await using folder = await temporaryDirectory();
  const path = folder.join("hooks.json");
  const layers: HookLayer[] = [{ kind: "project", folder: folder.path, trust: "trusted" }];
  const text = file({ Stop: [group("x")] });
  await folder.write({ "hooks.json": text });
  const [found] = (await discoverHooks({ layers })).listed;
  const approved = { [path]: found?.source.sha256 ?? "" };
  expect(commands(await discoverHooks({ layers, approved }))).toEqual(["x"]);
  await folder.write({ "hooks.json": text.replace("x", "evil") });
  expect(reasons(await discoverHooks({ layers, approved }))).toEqual([
    ["untrusted", "the file has changed since it was approved"],
  ]);
  expect(reasons(await discoverHooks({ layers, approved: {} }))).toEqual([
    ["untrusted", "the file has not been approved"],
  ]);
});

test("a layer that is off is listed and not warned of", async () => {
  const discovery = await discoverFile(file({ Stop: [group("x"), group(" ")] }), {
    disabled: "switched off",
  });
  expect(commands(discovery)).toEqual([]);
  expect(reasons(discovery)).toEqual([
    ["disabled", "switched off"],
    ["disabled", "switched off"],
  ]);
  expect(discovery.warnings).toEqual([]);
});

test("the table in config.toml follows the layer's hooks.json", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "hooks.json": file({ Stop: [group("json")] }) });
  const table = {
    file: folder.join("config.toml"),
    value: { Stop: [group("toml")], PreToolUse: [group(" ")] },
    line: (path: readonly (string | number)[]) =>
      path.join(".") === "Stop.0.hooks.0" ? 7 : undefined,
  };
  const discovery = await discoverHooks({ layers: [{ kind: "user", folder: folder.path, table }] });
  expect(discovery.handlers.map(({ command, source }) => [command, source])).toEqual([
    ["json", { path: folder.join("hooks.json"), line: 6, layer: "user" }],
    ["toml", { path: folder.join("config.toml"), line: 7, layer: "user" }],
  ]);
  expect(warningsIn(discovery, folder)).toEqual([
    "A PreToolUse hook in DIR/config.toml is skipped: `command` is blank",
  ]);
});

test("a file whose layer is off is not complained about", async () => {
  expect(await discoverFile("{", { disabled: "off" })).toEqual({
    handlers: [],
    listed: [],
    warnings: [],
  });
});

test("a layer without a folder can still hold a table", async () => {
  const table = { file: abs("/etc/codex/config.toml"), value: { Stop: [group("x")] } };
  const discovery = await discoverHooks({ layers: [{ kind: "session", table }] });
  expect(discovery.handlers.map(({ source }) => source)).toEqual([
    { path: "/etc/codex/config.toml", line: null, layer: "session" },
  ]);
});
