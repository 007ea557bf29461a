import { readFile, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { hookJsonSchemas, hooksFileJsonSchema } from "../scripts/json-schemas.ts";
import { HookError } from "./errors.ts";
import { hookEventNames } from "./events.ts";
import { hooksFileSchema, parseHookInput } from "./schemas.ts";

const folder = new URL("../schemas/", import.meta.url);

// After a change of the schemas: `pnpm run schema` in this package.
test("the ten files are what the schemas say, byte for byte", async () => {
  const committed = await Promise.all(
    (await readdir(folder)).toSorted().map(async (name) => {
      const text = await readFile(new URL(name, folder), "utf8");
      return [name, text.replaceAll("\r\n", "\n")] as const;
    }),
  );
  const made = [...hookJsonSchemas()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(committed).toEqual(made);
  expect(committed).toHaveLength(10);
});

test("hooks.schema.json is what the schema says", async () => {
  expect(await readFile(new URL("../hooks.schema.json", folder), "utf8")).toBe(
    hooksFileJsonSchema(),
  );
});

test("the schema of hooks.json takes what runs and names what does not", () => {
  const check = (hooks: unknown) =>
    hooksFileSchema.safeParse({ hooks }).error?.issues.map(({ path }) => path.join("."));
  const handler = { type: "command", command: "x", timeout: 5, statusMessage: null, extra: 1 };
  expect(check({ Stop: [{ matcher: null, hooks: [handler] }], Later: [] })).toBeUndefined();
  expect(
    check({
      Stop: [{ hooks: [handler, { type: "prompt" }] }],
      imports: [
        { dialect: "claude", path: "x" },
        { dialect: "codex", path: "x" },
      ],
    }),
  ).toEqual([
    "hooks.Stop.0.hooks.1.type",
    "hooks.Stop.0.hooks.1.command",
    "hooks.imports.1.dialect",
  ]);
});

test("every schema is a closed object with its file's name as title", () => {
  for (const [name, text] of hookJsonSchemas()) {
    expect(JSON.parse(text)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      additionalProperties: false,
      title: name.replace(".schema.json", ""),
      type: "object",
    });
  }
});

test("all fields of an input are required, turn_id where there is a turn; none of an output is", () => {
  for (const [name, text] of hookJsonSchemas()) {
    const { required = [], properties } = JSON.parse(text);
    expect(required).toEqual(name.includes(".input.") ? Object.keys(properties) : []);
    if (!name.includes(".input.")) continue;
    expect([name, required.includes("turn_id")]).toEqual([name, !name.startsWith("session-start")]);
  }
});

const facts = {
  session_id: "s",
  transcript_path: null,
  cwd: "/work",
  model: "m",
  permission_mode: "default",
};

test("a payload may leave the event's name out, and its fields come in order", () => {
  const parsed = parseHookInput("SessionStart", { source: "resume", ...facts });
  expect(Object.entries(parsed)).toEqual([
    ["session_id", "s"],
    ["transcript_path", null],
    ["cwd", "/work"],
    ["hook_event_name", "SessionStart"],
    ["model", "m"],
    ["permission_mode", "default"],
    ["source", "resume"],
  ]);
});

test("a payload that is wrong is refused with every field that is", () => {
  expect(() => parseHookInput("Stop", { ...facts, turn_id: 1, stop_hook_active: false })).toThrow(
    expect.objectContaining({
      code: "bad_input",
      message: expect.stringMatching(
        /no payload of a Stop hook: .*turn_id.*last_assistant_message|last_assistant_message.*turn_id/,
      ),
    }),
  );
  expect(() => parseHookInput("Stop", { ...facts, hook_event_name: "PreToolUse" })).toThrow(
    HookError,
  );
  expect(() => parseHookInput("Stop", /*value*/ null)).toThrow(HookError);
});

test("an event that there is not is refused with the five that there are", () => {
  expect(() => parseHookInput("Nope" as "Stop", {})).toThrow(
    new HookError(
      "unknown_event",
      `there is no hook event "Nope"; the events are ${hookEventNames.join(", ")}`,
    ),
  );
});
