// Tool calls in a form to read.

/** What a tool was called with. */
export interface ToolInput {
  /** What it did, in one line. */
  readonly summary: string;
  /** As a person would write it: a command, a patch, a list, else JSON. */
  readonly input: string;
  readonly inputLanguage: "shell" | "diff" | "markdown" | "json";
}

/** Of a tool that takes JSON; text that is none is shown as it is. */
export function functionInput(name: string, text: string): ToolInput {
  const args = parsed(text);
  if (args === null) return { summary: firstWords(text), input: text, inputLanguage: "json" };
  const { cmd, command, plan, input } = args;
  if (typeof cmd === "string") return shellInput(cmd);
  if (typeof command === "string" || Array.isArray(command)) return shellInput(command);
  if (name === "update_plan" && Array.isArray(plan)) return planInput(plan);
  if (name === "apply_patch" && typeof input === "string") return patchInput(input);
  const json = JSON.stringify(args, null, 2);
  return { summary: firstWords(JSON.stringify(args)), input: json, inputLanguage: "json" };
}

/** Of a tool that takes text of its own kind. */
export function freeformInput(name: string, text: string): ToolInput {
  if (name === "apply_patch") return patchInput(text);
  return { summary: firstWords(text), input: text, inputLanguage: "json" };
}

/** A command, as a line or as words; of `bash -lc "script"` the script. */
export function shellInput(command: string | readonly unknown[]): ToolInput {
  const input = typeof command === "string" ? command : commandLine(command);
  return { summary: firstWords(input), input, inputLanguage: "shell" };
}

/** What a tool answered, without what stands around it for the model; a failure's code is kept. */
export function readableOutput(text: string): string {
  const answer = parsed(text);
  if (typeof answer?.["output"] === "string") {
    const { exit_code: code } = (answer["metadata"] ?? {}) as Record<string, unknown>;
    return withCode(answer["output"], Number(code ?? 0));
  }
  const [, head, output] =
    /^([^]*?(?:^|\n)(?:Wall time|Exit code)[^]*?)\nOutput:\n([^]*)$/.exec(text) ?? [];
  if (head === undefined || output === undefined) return text;
  const [, code = "0"] = /(?:exited with code|Exit code:) (-?\d+)/.exec(head) ?? [];
  return withCode(output, Number(code));
}

function withCode(output: string, code: number): string {
  return code === 0 ? output : `${output.trimEnd()}\n[exit code ${code}]`.trimStart();
}

function planInput(plan: readonly unknown[]): ToolInput {
  const steps = plan.map((step) => (step ?? {}) as Record<string, unknown>);
  const done = steps.filter(({ status }) => status === "completed").length;
  const input = steps
    .map(({ step, status }) => {
      const mark = status === "completed" ? "x" : " ";
      return `- [${mark}] ${String(step)}${status === "in_progress" ? " (in progress)" : ""}`;
    })
    .join("\n");
  return { summary: `${done} of ${steps.length} steps done`, input, inputLanguage: "markdown" };
}

function patchInput(patch: string): ToolInput {
  const files = [...patch.matchAll(/^\*\*\* (Add|Update|Delete) File: (.+)$/gm)];
  const summary = files
    .map(([, verb = "", file = ""]) => `${verb.toLowerCase()} ${file}`)
    .join(", ");
  return {
    summary: summary === "" ? firstWords(patch) : firstWords(summary),
    input: patch,
    inputLanguage: "diff",
  };
}

function commandLine(words: readonly unknown[]): string {
  const [, flag, script] = words;
  if (words.length === 3 && typeof flag === "string" && /^-l?c$/.test(flag)) return String(script);
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(String(word)) ? String(word) : JSON.stringify(word)))
    .join(" ");
}

/** The beginning of a text, in one line. */
function firstWords(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}
