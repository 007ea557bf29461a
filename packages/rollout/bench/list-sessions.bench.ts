// What a listing of many sessions costs: the first page, and a search through all of them.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAbsolutePath } from "@codex-ts/absolute-path";
import { newThreadId } from "@codex-ts/protocol";
import { listThreads, rolloutPath } from "../src/index.ts";

const SESSIONS = 5000;

export const benchmark = {
  name: "list-sessions",
  question: "Does the first page of 5,000 sessions take at most 150 ms?",
  rounds: 9,
  subjects({ scratch }: { readonly scratch: string }) {
    const codexHome = parseAbsolutePath(scratch);
    for (let index = 0; index < SESSIONS; index += 1) writeSession(index);
    const index = join(scratch, "codex-ts-session-heads.json");
    const page = (options: object) => () => listThreads({ codexHome, ...options });
    const withoutIndex = (run: () => Promise<unknown>) => async () => {
      rmSync(index, { force: true });
      await run();
    };
    return [
      { name: "first page, newest first", run: withoutIndex(page({})) },
      { name: "by last change", run: withoutIndex(page({ sortKey: "updated_at" })) },
      { name: "search without an index", run: withoutIndex(page({ searchTerm: "nowhere" })) },
      { name: "search with the index", run: page({ searchTerm: "nowhere" }) },
    ];

    function writeSession(index: number): void {
      const createdAt = new Date(Date.parse("2026-01-01T00:00:00Z") + index * 3_600_000);
      const id = newThreadId(createdAt.getTime());
      const path = rolloutPath({ codexHome, id, createdAt, timeZone: "UTC" });
      mkdirSync(dirname(path), { recursive: true });
      const line = (type: string, payload: object): string =>
        `${JSON.stringify({ timestamp: createdAt.toISOString(), type, payload })}\n`;
      writeFileSync(
        path,
        [
          line("session_meta", {
            id,
            timestamp: createdAt.toISOString(),
            cwd: `/work/project-${index % 40}`,
            originator: "bench",
            cli_version: "0.1.0",
            source: "exec",
            model_provider: "bench",
            base_instructions: { text: "Work carefully. ".repeat(1000) },
          }),
          line("event_msg", {
            type: "user_message",
            message: `Please look at module ${index}.`,
            local_images: [],
            text_elements: [],
          }),
          line("event_msg", { type: "agent_message", message: "Done. ".repeat(500), phase: null }),
        ].join(""),
      );
    }
  },
};
