/** The modules that a script can import; every other specifier is refused. */

export const toolModuleName = "tools.js";
export const helperModuleName = "@openai/code_mode";

const helpers = ["text", "image", "store", "load", "notify", "yield_control", "exit"];

export const helperModuleSource = [
  `export const { ${helpers.join(", ")} } = globalThis;`,
  "export { text as output_text, image as output_image };",
].join("\n");

/** The name under which a specifier is known; undefined when there is no such module. */
export function moduleNameOf(specifier: string): string | undefined {
  if (specifier === "openai/code_mode") return helperModuleName;
  return specifier === toolModuleName || specifier === helperModuleName ? specifier : undefined;
}

const reserved = new Set(
  [
    "ALL_TOOLS arguments await break case catch class const continue debugger default delete do else enum",
    "eval export extends false finally for function if implements import in instanceof interface let new",
    "null package private protected public return static super switch this throw tools true try typeof",
    "var void while with yield",
  ]
    .join(" ")
    .split(" "),
);

/** One export for each tool whose identifier can be declared, besides `tools` and `ALL_TOOLS`. */
export function toolModuleSource(identifiers: readonly string[]): string {
  const names = identifiers.filter((identifier) => !reserved.has(identifier));
  const tools = "export const { tools, ALL_TOOLS } = globalThis;";
  return names.length === 0 ? tools : `${tools}\nexport const { ${names.join(", ")} } = tools;`;
}
