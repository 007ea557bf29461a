// Hooks as a person has them: scripts that a hooks.json names, and what they were told.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { createHooks, discoverHooks, type HookEventName, type HookInput } from "@codex-ts/hooks";
import type { Thread, ThreadConfig } from "../index.ts";
import type { ThreadWorld } from "./thread-world.ts";

/** One hook: what its shell runs, with the payload on standard input. */
export interface ScriptHook {
  readonly matcher?: string;
  readonly command: string;
}

export interface ScriptedHooks {
  readonly config: ThreadConfig;
  readonly thread: Thread;
  /** The payloads so far, of hooks that write theirs with {@link keepPayload}. */
  payloads(): Promise<readonly HookInput[]>;
}

/** A piece of a script that keeps the payload in `$PAYLOAD` and in the file of payloads. */
export const keepPayload = `PAYLOAD=$(cat); printf '%s\\n' "$PAYLOAD" >> payloads.jsonl;`;

/** A thread whose hooks are these scripts. */
export async function threadWithScripts(
  world: ThreadWorld,
  table: Partial<Record<HookEventName, readonly ScriptHook[]>>,
): Promise<ScriptedHooks> {
  const folder = world.config.cwd;
  const groups = Object.entries(table).map(([event, hooks]) => [
    event,
    hooks.map(({ matcher, command }) => ({ matcher, hooks: [{ type: "command", command }] })),
  ]);
  await writeFile(
    join(folder, "hooks.json"),
    JSON.stringify({ hooks: Object.fromEntries(groups) as object }),
  );
  const { handlers } = await discoverHooks({ layers: [{ kind: "user", folder }] });
  const hooks = createHooks({ handlers, shell: { program: "/bin/sh", args: ["-c"] } });
  const config = { ...world.config, hooks };
  const { thread } = await world.manager.startThread(config);
  return {
    config,
    thread,
    async payloads() {
      const text = await readFile(join(folder, "payloads.jsonl"), "utf8");
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as HookInput);
    },
  };
}
