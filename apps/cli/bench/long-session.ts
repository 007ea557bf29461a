// A session file as long work leaves it: thousands of turns, each with a tool call.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const LONG_SESSION_ID = "0196a000-0000-7000-8000-000000000001";

/** Writes a session of about 50 MB in 3,500 turns below `codexHome`. */
export function writeLongSession(codexHome: string, cwd: string): void {
  const path = join(
    codexHome,
    `sessions/2026/05/04/rollout-2026-05-04T08-09-10-${LONG_SESSION_ID}.jsonl`,
  );
  mkdirSync(dirname(path), { recursive: true });
  const lines = [
    line("session_meta", {
      id: LONG_SESSION_ID,
      timestamp: "2026-05-04T08:09:10.000Z",
      cwd,
      originator: "bench",
      cli_version: "0.1.0",
      source: "exec",
      model_provider: "bench",
      base_instructions: { text: "Work carefully." },
    }),
  ];
  for (let turn = 0; turn < 3500; turn += 1) lines.push(...turnLines(turn, cwd));
  writeFileSync(path, lines.join(""));
}

function turnLines(turn: number, cwd: string): readonly string[] {
  const turnId = `0196a000-0000-7000-8000-${String(turn).padStart(12, "0")}`;
  const asked = `Please look at module ${turn} and tell me what it does. ${words(turn, /*count*/ 40)}`;
  const answer = `Module ${turn} reads its input and writes a report. ${words(turn, /*count*/ 150)}`;
  const usage = {
    input_tokens: 900,
    cached_input_tokens: 500,
    output_tokens: 100,
    reasoning_output_tokens: 10,
    total_tokens: 1000,
  };
  return [
    line("event_msg", { type: "task_started", turn_id: turnId, model_context_window: 258_400 }),
    ...(turn === 0 ? [item(message("user", environment(cwd)))] : []),
    line("turn_context", {
      turn_id: turnId,
      cwd,
      approval_policy: "never",
      sandbox_policy: { type: "read-only" },
      model: "gpt-5.2-codex",
      summary: "auto",
    }),
    item(message("user", asked)),
    line("event_msg", {
      type: "user_message",
      message: asked,
      images: [],
      local_images: [],
      text_elements: [],
    }),
    item({
      type: "reasoning",
      summary: [{ type: "summary_text", text: words(turn, /*count*/ 60) }],
      content: null,
      encrypted_content: "e".repeat(600),
    }),
    item({
      type: "function_call",
      name: "exec_command",
      arguments: JSON.stringify({ cmd: `cat src/module-${turn}.ts` }),
      call_id: `call_${turn}`,
    }),
    item({
      type: "function_call_output",
      call_id: `call_${turn}`,
      output: `Process exited with code 0\nOutput:\n${words(turn, /*count*/ 1200)}`,
    }),
    line("event_msg", {
      type: "agent_message",
      message: answer,
      phase: null,
      memory_citation: null,
    }),
    item(message("assistant", answer)),
    line("event_msg", {
      type: "token_count",
      info: { total_token_usage: usage, last_token_usage: usage, model_context_window: 258_400 },
      rate_limits: null,
    }),
    line("event_msg", { type: "task_complete", turn_id: turnId, last_agent_message: answer }),
  ];
}

function line(type: string, payload: object): string {
  return `${JSON.stringify({ timestamp: "2026-05-04T08:09:10.000Z", type, payload })}\n`;
}

function item(payload: object): string {
  return line("response_item", payload);
}

function message(role: string, text: string): object {
  const type = role === "assistant" ? "output_text" : "input_text";
  return { type: "message", role, content: [{ type, text }] };
}

function environment(cwd: string): string {
  return `<environment_context>\n  <cwd>${cwd}</cwd>\n</environment_context>`;
}

function words(seed: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `word${(seed * 31 + index * 7) % 1000}`).join(
    " ",
  );
}
