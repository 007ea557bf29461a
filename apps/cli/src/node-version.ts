// The Node floor, checked before anything that an older Node could not load.

const floor = [22, 19] as const;

export function isOldNode(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major < floor[0] || (major === floor[0] && minor < floor[1]);
}

export function oldNodeText(nodeVersion: string): string {
  return `Error: codex-ts needs Node ${floor.join(".")} or newer, and this is Node ${nodeVersion}; install a newer one, or set CODEX_TS_NODE to its path and start through the launcher\n`;
}
