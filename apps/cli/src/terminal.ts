// The three standard streams as the commands see them.
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** The width of standard output; wide where that is no terminal. */
  readonly stdoutColumns: number;
  readonly readStdin: () => Promise<Uint8Array>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** The real one. */
export function processTerminal(): Terminal {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdinIsTerminal: process.stdin.isTTY,
    stdoutIsTerminal: process.stdout.isTTY,
    stderrIsTerminal: process.stderr.isTTY,
    stdoutColumns: process.stdout.isTTY ? process.stdout.columns : 160,
    readStdin,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  };
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A writer that sends nothing for this long has sent what it wanted to. */
const QUIET_MS = 100;
const DRAIN_LIMIT_MS = 2000;

/**
 * Takes off what is being piped in and was not read, for a run that ends early: a program that writes
 * its prompt to us would meet a closed pipe, which ends programs that do not expect it.
 */
export async function drainStdin(): Promise<void> {
  const { stdin } = process;
  if (stdin.isTTY || stdin.readableEnded || stdin.destroyed) return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, DRAIN_LIMIT_MS);
    const quiet = setTimeout(resolve, QUIET_MS);
    const done = (): void => {
      clearTimeout(limit);
      clearTimeout(quiet);
      resolve();
    };
    stdin.on("data", () => quiet.refresh());
    stdin.once("end", done).once("error", done);
  });
  stdin.destroy();
}
