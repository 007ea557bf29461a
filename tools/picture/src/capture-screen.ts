// What a command shows in a terminal: tmux runs it and gives the screen with its colours.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface ScreenRun {
  readonly command: readonly string[];
  readonly columns: number;
  readonly rows: number;
  /** All that the command sees of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end and resolves to all lines that it showed, those scrolled away too, with
 * SGR sequences.
 */
export async function captureScreen({ command, columns, rows, env }: ScreenRun): Promise<string> {
  const server = `codex-ts-picture-${process.pid}`;
  const tmux = (...args: readonly string[]) =>
    run("tmux", ["-L", server, "-f", "/dev/null", ...args], { env, timeout: 120_000 });
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  try {
    const size = ["-x", String(columns), "-y", String(rows)];
    const shown = `${quoted}; tmux -L ${server} wait-for -S ended; sleep 60`;
    await tmux("new-session", "-d", ...size, shown);
    await tmux("wait-for", "ended");
    const { stdout } = await tmux("capture-pane", "-p", "-e", "-S", "-");
    return stdout.trimEnd();
  } finally {
    await tmux("kill-server").catch(() => {});
  }
}
