// What the scripted model of the demo says. It is no model: it follows a script, but it reads the
// real outputs of its tools and reports what they say.
import type { ResponseItem } from "@codex-ts/protocol";

export interface ScriptedReply {
  readonly message?: string;
  readonly calls: readonly ScriptedCall[];
}

export type ScriptedCall =
  | { readonly tool: "exec_command"; readonly cmd: string }
  | { readonly tool: "apply_patch"; readonly patch: string }
  | {
      readonly tool: "update_plan";
      readonly plan: readonly { readonly step: string; readonly status: string }[];
    };

const PATCH = `*** Begin Patch
*** Update File: src/price.js
@@ export function discounted(cents, percent) {
-  return Math.floor((cents * (100 - percent)) / 100);
+  return Math.round((cents * (100 - percent)) / 100);
 }
*** End Patch`;

const steps = (done: number): Extract<ScriptedCall, { tool: "update_plan" }> => ({
  tool: "update_plan",
  plan: ["Read the code and run the tests", "Fix the rounding", "Run the tests again"].map(
    (step, index) => ({ step, status: statusOf(index, done) }),
  ),
});

function statusOf(index: number, done: number): string {
  if (index < done) return "completed";
  return index === done ? "in_progress" : "pending";
}

/** The reply to the request with this `input`; its position in the script is how often it was asked. */
export function demoReply(input: readonly ResponseItem[], turn: number): ScriptedReply {
  switch (turn) {
    case 0:
      return {
        message: "I'll look at the code and run the tests first.",
        calls: [
          steps(/*done*/ 0),
          { tool: "exec_command", cmd: "cat src/price.js test/price.test.js" },
          {
            tool: "exec_command",
            cmd: "node --test --test-reporter=spec | grep -E '^(✔|✖ .*ms)|!=='",
          },
        ],
      };
    case 1:
      return {
        message:
          "`discounted` rounds down, and AGENTS.md asks for half up:\n995 cents at 50 % must be 498.",
        calls: [steps(/*done*/ 1), { tool: "apply_patch", patch: PATCH }],
      };
    case 2:
      return {
        calls: [
          steps(/*done*/ 2),
          { tool: "exec_command", cmd: "node --test --test-reporter=spec" },
        ],
      };
    case 3:
      return { calls: [steps(/*done*/ 3), { tool: "exec_command", cmd: "git diff --stat" }] };
    default:
      return { message: summary(input), calls: [] };
  }
}

/** Says what the last test run really said. */
function summary(input: readonly ResponseItem[]): string {
  const outputs = input.flatMap((item) =>
    item.type === "function_call_output" && typeof item.output === "string" ? [item.output] : [],
  );
  const testRun = outputs.findLast((output) => output.includes("node --test"));
  if (testRun?.includes("Process exited with code 0") === true) {
    return [
      "The suite passes now.",
      "",
      "- Cause: `discounted` used `Math.floor`, so half a cent was lost.",
      "- Fix: `Math.round`, which rounds half up for amounts that are not negative.",
      "- Check: `node --test` ended with exit code 0.",
    ].join("\n");
  }
  return "The tests did not pass after my change; the output above shows what they said.";
}
