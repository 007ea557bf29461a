// Agent paths: where an agent stands in the tree that grows from `/root`.

declare const agentPathBrand: unique symbol;

/** `/root` or a path below it; names are `[a-z0-9_]+`. */
export type AgentPath = string & { readonly [agentPathBrand]: "AgentPath" };

/** Why a text is no agent path. */
export type AgentPathErrorCode =
  /** A name is empty, `root`, or has other characters than `[a-z0-9_]`. */
  | "invalid_name"
  /** The text is empty or does not start with `/root`. */
  | "invalid_path";

/** Thrown for a text that is no agent path; the message quotes it and says what is allowed. */
export class AgentPathError extends Error {
  override readonly name = "AgentPathError";
  readonly code: AgentPathErrorCode;

  constructor(code: AgentPathErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const NAME = /^[a-z0-9_]+$/;

/** The path of the agent that a person talks to. */
export const rootAgentPath: AgentPath = "/root" as AgentPath;

function checkName(name: string): void {
  if (!NAME.test(name) || name === "root") {
    throw new AgentPathError(
      "invalid_name",
      `${JSON.stringify(name)} is not an agent name: use lowercase letters, digits and underscores, and not "root"`,
    );
  }
}

/** Reads an absolute agent path. @throws AgentPathError */
export function parseAgentPath(text: string): AgentPath {
  const [empty, root, ...names] = text.split("/");
  if (empty !== "" || root !== "root") {
    throw new AgentPathError(
      "invalid_path",
      `${JSON.stringify(text)} is not an agent path: it must start with /root`,
    );
  }
  for (const name of names) checkName(name);
  return text as AgentPath;
}

/** The path of the child `name` of `path`. @throws AgentPathError */
export function joinAgentPath(path: AgentPath, name: string): AgentPath {
  checkName(name);
  return `${path}/${name}` as AgentPath;
}

/**
 * Resolves a reference as an agent at `from` would write it: `/root…` is absolute, anything else is
 * below `from`. @throws AgentPathError
 */
export function resolveAgentPath(reference: string, from: AgentPath): AgentPath {
  if (reference === "") {
    throw new AgentPathError("invalid_path", "an agent reference cannot be empty");
  }
  return parseAgentPath(reference.startsWith("/") ? reference : `${from}/${reference}`);
}
