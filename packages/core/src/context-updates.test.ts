// What the model is told of its circumstances: everything once, then what differs from what it knows.
import { bundledCatalogue, lookUpModel } from "@codex-ts/models";
import type { CollaborationMode, MessageItem, TurnContextItem } from "@codex-ts/protocol";
import { abs } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { type ContextSources, contextUpdates } from "./context-updates.ts";
import type { SessionSettings, TurnContext } from "./turn-context.ts";
import { fileAccess } from "./turn-sandbox.ts";

const MODEL = "gpt-5.2-codex";
const settings: SessionSettings = {
  cwd: abs("/w/app"),
  model: MODEL,
  approvalPolicy: "on-request",
  approvalsReviewer: "user",
  sandboxPolicy: { type: "read-only" },
  permissions: undefined,
  effort: undefined,
  summary: undefined,
  verbosity: undefined,
  serviceTier: undefined,
  personality: undefined,
  collaborationMode: undefined,
};
const modeWith = (text: string | null): CollaborationMode => ({
  mode: "plan",
  settings: { model: MODEL, reasoning_effort: null, developer_instructions: text },
});

interface Circumstances {
  readonly settings?: Partial<SessionSettings>;
  readonly turn?: Partial<TurnContext>;
  readonly previousModel?: string;
}

function sources({ settings: changed, turn, previousModel }: Circumstances): ContextSources {
  const all = { ...settings, ...changed };
  return {
    turn: {
      turnId: "t",
      traceId: null,
      settings: all,
      model: lookUpModel(bundledCatalogue, all.model),
      summary: "auto",
      contextWindow: null,
      truncation: { mode: "tokens", limit: 10_000 },
      currentDate: "2026-05-04",
      timezone: "Europe/Paris",
      userInstructions: null,
      developerInstructions: null,
      skills: [],
      outputSchema: null,
      ...turn,
    },
    shellName: "bash",
    fileAccess: fileAccess(all, {}),
    allowedPrefixes: "",
    personality: all.personality,
    previousTurn: previousModel === undefined ? null : { model: previousModel },
  };
}

/** Each message as its role and the first words of its parts. */
function told(items: readonly MessageItem[]): readonly (readonly string[])[] {
  return items.map(({ role, content }) => [
    role,
    ...content.map((part) =>
      part.type === "input_image" ? "image" : (/^<[a-z_ ]+>|^# .*|^.*/.exec(part.text)?.[0] ?? ""),
    ),
  ]);
}

function knownAfter(before: Circumstances): TurnContextItem {
  return contextUpdates(sources(before), /*reference*/ null).reference;
}

/** What a turn in `now` is told behind one in `before`. */
function toldAfter(before: Circumstances, now: Circumstances): readonly MessageItem[] {
  return contextUpdates(sources(now), knownAfter(before)).items;
}

describe("at first", () => {
  test("everything is told, in this order", () => {
    const now: Circumstances = {
      settings: { collaborationMode: modeWith("Plan."), personality: "friendly" },
      turn: { userInstructions: "be brief", developerInstructions: "from config" },
      previousModel: "another",
    };
    expect(told(contextUpdates(sources(now), /*reference*/ null).items)).toEqual([
      [
        "developer",
        "<model_switch>",
        "<permissions instructions>",
        "from config",
        "<collaboration_mode>",
        "<personality_spec>",
      ],
      ["user", "# AGENTS.md instructions for /w/app", "<environment_context>"],
    ]);
  });

  test("what there is not is left out", () => {
    expect(told(contextUpdates(sources({}), /*reference*/ null).items)).toEqual([
      ["developer", "<permissions instructions>"],
      ["user", "<environment_context>"],
    ]);
  });

  test("the environment has this form, and a path cannot break out of it", () => {
    const { items } = contextUpdates(
      sources({ settings: { cwd: abs("/w/a&b</cwd>") } }),
      /*reference*/ null,
    );
    expect(items[1]?.content).toEqual([
      {
        type: "input_text",
        text: [
          "<environment_context>",
          "  <cwd>/w/a&amp;b&lt;/cwd&gt;</cwd>",
          "  <shell>bash</shell>",
          "  <current_date>2026-05-04</current_date>",
          "  <timezone>Europe/Paris</timezone>",
          "</environment_context>",
        ].join("\n"),
      },
    ]);
  });
});

describe("later", () => {
  test.each<readonly [string, Circumstances, Circumstances, readonly (readonly string[])[]]>([
    ["the same circumstances tell nothing", {}, {}, []],
    [
      "the sandbox policy",
      {},
      { settings: { sandboxPolicy: { type: "danger-full-access" } } },
      [["developer", "<permissions instructions>"]],
    ],
    [
      "the approval policy",
      {},
      { settings: { approvalPolicy: "never" } },
      [["developer", "<permissions instructions>"]],
    ],
    [
      "the reviewer alone",
      {},
      { settings: { approvalsReviewer: "guardian_subagent" } },
      [["developer", "<permissions instructions>"]],
    ],
    [
      "a mode that begins",
      {},
      { settings: { collaborationMode: modeWith("Plan.") } },
      [["developer", "<collaboration_mode>"]],
    ],
    ["a mode that ends", { settings: { collaborationMode: modeWith("Plan.") } }, {}, []],
    ["a mode without words", {}, { settings: { collaborationMode: modeWith(" ") } }, []],
    [
      "a friendly personality",
      { settings: { personality: "pragmatic" } },
      { settings: { personality: "friendly" } },
      [["developer", "<personality_spec>"]],
    ],
    [
      "a friendly personality that ends",
      { settings: { personality: "friendly" } },
      { settings: { personality: "none" } },
      [["developer", "<personality_spec>"]],
    ],
    [
      "a personality that the model's instructions have already",
      {},
      { settings: { personality: "pragmatic" } },
      [],
    ],
    ["the date", {}, { turn: { currentDate: "2026-05-05" } }, [["user", "<environment_context>"]]],
    ["the time zone", {}, { turn: { timezone: "UTC" } }, [["user", "<environment_context>"]]],
    [
      "instructions of the project, which the folder brings",
      { turn: { userInstructions: "old" } },
      { settings: { cwd: abs("/w/b") }, turn: { userInstructions: "new" } },
      [["user", "# AGENTS.md instructions for /w/b", "<environment_context>"]],
    ],
    [
      "instructions of the configuration",
      { turn: { developerInstructions: "old" } },
      { turn: { developerInstructions: "new" } },
      [["developer", "new"]],
    ],
    [
      "a model that takes over",
      {},
      { settings: { model: "gpt-5.2" }, previousModel: MODEL },
      [["developer", "<model_switch>"]],
    ],
    [
      "several at once, in two messages",
      {},
      {
        settings: { cwd: abs("/w/b"), approvalPolicy: "never", model: "gpt-5.2" },
        previousModel: MODEL,
      },
      [
        ["developer", "<model_switch>", "<permissions instructions>"],
        ["user", "<environment_context>"],
      ],
    ],
  ])("%s", (_, before, now, expected) => {
    expect(told(toldAfter(before, now))).toEqual(expected);
  });

  test("the environment names the folder only when that is another", () => {
    const text = (now: Circumstances): string => JSON.stringify(toldAfter({}, now));
    expect(text({ turn: { currentDate: "2026-05-05" } })).not.toContain("<cwd>");
    expect(text({ settings: { cwd: abs("/w/b") } })).toContain("<cwd>/w/b</cwd>");
  });

  test("a policy that spells its defaults out is the same policy", () => {
    const brief: Circumstances = { settings: { sandboxPolicy: { type: "workspace-write" } } };
    const { told_sections: _, ...released } = knownAfter(brief);
    const spelledOut = {
      type: "workspace-write",
      writable_roots: [],
      network_access: false,
      exclude_tmpdir_env_var: false,
      exclude_slash_tmp: false,
    } as const;
    const now = { settings: { sandboxPolicy: spelledOut } };
    expect(contextUpdates(sources(now), released).items).toEqual([]);
    expect(toldAfter(brief, now)).toEqual([]);
  });

  test("a session of a program that kept no hashes is told what its own words differ in", () => {
    const before: Circumstances = { turn: { userInstructions: "old" } };
    const { told_sections: _, ...released } = knownAfter(before);
    expect(contextUpdates(sources(before), released).items).toEqual([]);
    expect(
      told(
        contextUpdates(
          sources({ settings: { approvalPolicy: "never" }, turn: { userInstructions: "new" } }),
          released,
        ).items,
      ),
    ).toEqual([
      ["developer", "<permissions instructions>"],
      ["user", "# AGENTS.md instructions for /w/app"],
    ]);
  });

  test("a session of such a program is told of another personality than it was made with", () => {
    const { told_sections: _, ...released } = knownAfter({ settings: { personality: "friendly" } });
    const toldIn = (personality: "friendly" | "pragmatic") =>
      told(contextUpdates(sources({ settings: { personality } }), released).items);
    expect([toldIn("friendly"), toldIn("pragmatic")]).toEqual([
      [],
      [["developer", "<personality_spec>"]],
    ]);
  });

  test("instructions are written out once, and known by their hashes from then on", () => {
    const now: Circumstances = {
      turn: { userInstructions: "be brief", developerInstructions: "from config" },
    };
    const first = knownAfter(now);
    expect([first.user_instructions, first.developer_instructions]).toEqual([
      "be brief",
      "from config",
    ]);
    const { reference } = contextUpdates(sources(now), first);
    expect([reference.user_instructions, reference.developer_instructions]).toEqual([
      undefined,
      undefined,
    ]);
    expect(reference.told_sections).toEqual(first.told_sections);
  });
});
