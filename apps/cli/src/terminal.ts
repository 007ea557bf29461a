// The three standard streams as the commands see them.
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** The width of standard output; wide where that is no terminal. */
  readonly stdoutColumns: number;
  /** The width of standard error as it is now; a person may change it. */
  readonly stderrColumns: () => number;
  /**
   * Reads standard input to its end. With `silenceMs`, gives null when not a byte has come by then, and
   * lets go of the pipe: it may stay open for as long as its other end likes.
   */
  readonly readStdin: {
    (): Promise<Uint8Array>;
    (options: { readonly silenceMs: number }): Promise<Uint8Array | null>;
  };
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
    stderrColumns: () => (process.stderr.isTTY ? process.stderr.columns : 160),
    stdoutColumns: process.stdout.isTTY ? process.stdout.columns : 160,
    readStdin,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  };
}

function readStdin(): Promise<Uint8Array>;
function readStdin(options: { readonly silenceMs: number }): Promise<Uint8Array | null>;
function readStdin(options?: { readonly silenceMs: number }): Promise<Uint8Array | null> {
  const { stdin } = process;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const silence =
      options === undefined
        ? undefined
        : setTimeout(() => {
            stdin.off("data", onData).off("end", onEnd).off("error", onError);
            stdin.destroy();
            resolve(null);
          }, options.silenceMs);
    const onData = (chunk: Buffer): void => {
      clearTimeout(silence);
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      clearTimeout(silence);
      resolve(Buffer.concat(chunks));
    };
    const onError = (error: Error): void => {
      clearTimeout(silence);
      reject(error);
    };
    stdin.on("data", onData).once("end", onEnd).once("error", onError);
  });
}

/** How long we wait for a first byte from a pipe that may have no writer at all. */
const FIRST_BYTE_MS = 100;
/** A writer that has begun and sends nothing for this long has no more to send. */
const PAUSE_MS = 2000;
const DRAIN_LIMIT_MS = 10_000;

/**
 * Takes off what is being piped in and was not read, for a run that ends early: a program that writes
 * its prompt to us would meet a closed pipe, which ends programs that do not expect it.
 */
export async function drainStdin(): Promise<void> {
  const { stdin } = process;
  if (stdin.isTTY || stdin.readableEnded || stdin.destroyed) return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, DRAIN_LIMIT_MS);
    const done = (): void => {
      clearTimeout(limit);
      clearTimeout(pause);
      resolve();
    };
    let pause = setTimeout(done, FIRST_BYTE_MS);
    stdin.on("data", () => {
      clearTimeout(pause);
      pause = setTimeout(done, PAUSE_MS);
    });
    stdin.once("end", done).once("error", done);
  });
  stdin.destroy();
}
