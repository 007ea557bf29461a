/** The one list from which `tools`, `ALL_TOOLS`, the documentation and the dispatch are made. */
import { CodeModeError } from "./errors.ts";
import { toIdentifier } from "./identifier.ts";
import { schemaToType } from "./schema-type.ts";

/** How a tool takes its input: an object of arguments, or one string. */
export type CodeModeToolKind = "function" | "freeform";

/** A tool that scripts may call. */
export interface ToolDefinition {
  /** As the host knows it; scripts reach it under the identifier made of it. */
  readonly name: string;
  readonly description: string;
  readonly kind: CodeModeToolKind;
  /** JSON Schema of the arguments; `unknown` without it. Not looked at for a freeform tool. */
  readonly inputSchema?: unknown;
  /** JSON Schema of the result; `unknown` without it. */
  readonly outputSchema?: unknown;
}

/** A tool with the identifier that a script uses. */
export interface NamedTool {
  readonly identifier: string;
  readonly tool: ToolDefinition;
}

export interface PreparedTools {
  /** Different for every list. */
  readonly key: number;
  /** JSON of `{ identifier, name, description }` for each tool, as the engine takes it. */
  readonly json: string;
  readonly byName: ReadonlyMap<string, ToolDefinition>;
}

/**
 * Sorts tools by name, keeps one of each name, and gives each its identifier. When two names come to
 * the same identifier, the later one in the order of names gets `_2`, the next `_3` and so on, and
 * `onCollision` is told.
 */
export function nameTools(
  tools: readonly ToolDefinition[],
  onCollision: (tool: string, identifier: string) => void = () => {},
): readonly NamedTool[] {
  const byName = new Map<string, ToolDefinition>();
  for (const tool of tools) if (!byName.has(tool.name)) byName.set(tool.name, tool);
  const taken = new Set<string>();
  return [...byName.values()]
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .map((tool) => {
      const base = toIdentifier(tool.name);
      let identifier = base;
      for (let number = 2; taken.has(identifier); number += 1) identifier = `${base}_${number}`;
      taken.add(identifier);
      if (identifier !== base) onCollision(tool.name, identifier);
      return { identifier, tool };
    });
}

/** The declaration of one tool, on one line. */
export function renderDeclaration({ identifier, tool }: NamedTool): string {
  const output = tool.outputSchema === undefined ? "unknown" : schemaToType(tool.outputSchema);
  const input =
    tool.kind === "freeform"
      ? "input: string"
      : `args: ${tool.inputSchema === undefined ? "unknown" : schemaToType(tool.inputSchema)}`;
  return `declare const tools: { ${identifier}(${input}): Promise<${output}>; };`;
}

/** A tool's description with its declaration below. */
export function describeTool(named: NamedTool): string {
  const declaration = `exec tool declaration:\n\`\`\`ts\n${renderDeclaration(named)}\n\`\`\``;
  return `${named.tool.description}\n\n${declaration}`;
}

const rememberedLists = 8;

/** Prepares lists of tools, each once for as long as the same list is passed. */
export function createToolPreparation(
  warn: (message: string) => void,
): (tools: readonly ToolDefinition[]) => PreparedTools {
  const prepared = new WeakMap<readonly ToolDefinition[], PreparedTools>();
  /** The same tools in another array are the same list; the last few are remembered. */
  const lists = new Map<string, PreparedTools>();
  const warned = new Set<string>();
  let lastKey = 0;

  function prepare(tools: readonly ToolDefinition[]): PreparedTools {
    const named = nameTools(tools, (tool, identifier) => {
      if (warned.has(tool)) return;
      warned.add(tool);
      warn(`Another tool has the identifier of "${tool}"; scripts reach it as ${identifier}.`);
    });
    for (const { tool } of named) {
      if (tool.name === "") throw new CodeModeError("invalid_tool", "A tool must have a name.");
    }
    // Names, and by their declarations the kinds: all that is asked of a tool later.
    const json = JSON.stringify(
      named.map((each) => ({
        identifier: each.identifier,
        name: each.tool.name,
        description: describeTool(each),
      })),
    );
    const known = lists.get(json);
    if (known !== undefined) return known;
    lastKey += 1;
    const byName = new Map(named.map(({ tool }) => [tool.name, tool]));
    const list = { key: lastKey, json, byName };
    if (lists.size >= rememberedLists) lists.clear();
    lists.set(json, list);
    return list;
  }

  const none = prepare([]);
  return (tools) => {
    if (tools.length === 0) return none;
    const known = prepared.get(tools);
    if (known !== undefined) return known;
    const list = prepare(tools);
    prepared.set(tools, list);
    return list;
  };
}
