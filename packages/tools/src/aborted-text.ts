// What a cancelled call answers.

/** For tools that run commands. */
export function abortedCommandText(elapsedMs: number): string {
  return `Wall time: ${seconds(elapsedMs)} seconds\naborted by user`;
}

/** For all others. */
export function abortedText(elapsedMs: number): string {
  return `aborted by user after ${seconds(elapsedMs)}s`;
}

function seconds(milliseconds: number): string {
  return Math.max(0.1, milliseconds / 1000).toFixed(1);
}
