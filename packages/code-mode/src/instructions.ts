/** What a model must know to write a script. */
import { describeTool, nameTools } from "./prepared-tools.ts";
import type { ToolDefinition } from "./prepared-tools.ts";

/** The world of a script, for the description of the tool that runs scripts. */
export const scriptInstructions = [
  "The input is the source text of one JavaScript module: raw code, not JSON, not a quoted string and not in a markdown fence. It runs in a fresh isolate with top-level `await`. There is no Node, no file system, no network and no console; what reaches outside goes through `tools`.",
  'All tools are functions on the global object `tools`, under identifiers made of their names, for example `await tools.exec_command({ cmd: "ls" })` or `await tools.mcp__server__search({ query: "x" })`. Each takes one object or one string and returns a promise of an object or a string, as its description says. Calls may run in parallel. A call that fails rejects with an Error that has the tool\'s text as its message.',
  "When the module has been evaluated the isolate ends; promises that are not awaited are dropped without a word, and their tool calls are cancelled.",
  [
    "Helpers, all of them global:",
    "- `text(value)`: puts out text; anything but a primitive is turned into JSON.",
    "- `image(urlOrItem)`: puts out an image: an http(s) or data URL, or `{ image_url, detail? }`.",
    "- `store(key, value)`: keeps a JSON value for later scripts of this session.",
    "- `load(key)`: the stored value, or undefined.",
    "- `notify(value)`: sends a text at once, while the script goes on.",
    "- `yield_control()`: hands over the output so far at once, while the script goes on.",
    "- `exit()`: ends the script here, as a success.",
    "- `ALL_TOOLS`: `{ name, description }` of every tool.",
  ].join("\n"),
].join("\n\n");

/** One section for each tool, by name: its identifier, its name and its description with the declaration. */
export function renderToolSections(tools: readonly ToolDefinition[]): string {
  return nameTools(tools)
    .map((named) => {
      const heading = `### \`${named.identifier}\` (\`${named.tool.name}\`)`;
      return `${heading}\n${describeTool(named).trim()}`;
    })
    .join("\n\n");
}
