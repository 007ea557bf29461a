// What the model is told of `exec` and `wait`.
import {
  defaultOutputTokens,
  pragmaPrefix,
  renderToolSections,
  scriptInstructions,
  type ToolDefinition,
} from "@codex-ts/code-mode";

const onlyPreface =
  "Every other tool is called from a script: use `exec` and `wait` for all work, and call no other tool directly.";

const pragma = [
  `The first line may set options for this call: \`${pragmaPrefix} {"yield_time_ms": 15000, "max_output_tokens": 2000}\`.`,
  "`yield_time_ms`: answer after this long although the script goes on; the answer then has a cell ID for `wait`. 10000 when left out.",
  `\`max_output_tokens\`: the longest output to return; the middle of more is left out. ${defaultOutputTokens} when left out.`,
].join("\n- ");

/** @param tools all that a script can call, to be described here; none when the model sees them anyway */
export function execDescription(tools: readonly ToolDefinition[] | null): string {
  const instructions = `Runs a script that calls tools and puts out what you want to see.\n\n${scriptInstructions}\n\n${pragma}`;
  if (tools === null) return instructions;
  const sections = renderToolSections(tools);
  return [onlyPreface, instructions, ...(sections === "" ? [] : [sections])].join("\n\n");
}

/** A script, or a line of options and then a script. */
export const execGrammar = String.raw`start: options_and_script | script
options_and_script: OPTIONS LINE_END SCRIPT
script: SCRIPT
OPTIONS: /[ \t]*\/\/ @exec:[^\r\n]*/
LINE_END: /\r?\n/
SCRIPT: /[\s\S]+/
`;

export const waitDescription = [
  "Goes on with a script that `exec` left running, or stops it.",
  "Use it only with the cell ID of an answer that says `Script running with cell ID …`.",
  "The answer has the output that came after the previous answer, or the final result, which closes the cell. It may say that the script is still running; the cell ID stays the same.",
].join("\n- ");
