// A real terminal that nobody sits at: a tmux server of its own, keys in and the screen out.
import { randomUUID } from "node:crypto";
import { runProcess, waitFor } from "@codex-ts/test-support";

export interface TerminalPaneOptions {
  /** What runs in it. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalPane extends AsyncDisposable {
  /** Types a text as it is. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: `Tab`, `Enter`, `C-c`. */
  press(...keys: readonly string[]): Promise<void>;
  /** The screen and what has scrolled off it, without colours, blanks at the ends of lines cut. */
  screen(): Promise<string>;
  /** The same with the escape sequences of its colours. */
  colouredScreen(): Promise<string>;
  /** Resolves to the screen once it holds `text`; the error shows the last one. */
  shows(text: string | RegExp): Promise<string>;
  /** Resolves to the screen once the command is over. */
  ended(): Promise<string>;
}

/** @throws Error when there is no tmux: a test that needs a terminal must not be passed over. */
export async function terminalPane(options: TerminalPaneOptions): Promise<TerminalPane> {
  const server = `codex-ts-${randomUUID()}`;
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const run = await runProcess(["tmux", "-L", server, "-f", "/dev/null", ...args], {});
    if (run.code !== 0) throw new Error(`tmux ${args[0]}: ${run.stderr}`);
    return run.stdout;
  };
  const env = Object.entries({ LC_ALL: "C.UTF-8", TERM: "tmux-256color", ...options.env });
  await tmux(
    ...`new-session -d -x ${options.columns} -y ${options.rows}`.split(" "),
    "-c",
    options.cwd,
    "env",
    "-i",
    ...env.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    ...options.command,
    ..."; set-option -g remain-on-exit on ; set-option -g history-limit 5000".split(" "),
  );
  const capture = (...more: readonly string[]): Promise<string> =>
    tmux("capture-pane", "-p", "-S", "-", ...more);
  const screen = async (): Promise<string> => (await capture()).replaceAll(/[ \t]+$/gm, "");
  const until = async (what: string, test: (text: string) => boolean | Promise<boolean>) => {
    let last = "";
    await waitFor(
      async () => {
        last = await screen();
        return await test(last);
      },
      { timeoutMs: 20_000, intervalMs: 50, describe: what },
    ).catch((error: unknown) => {
      throw new Error(`the screen does not show ${what}:\n${last}`, { cause: error });
    });
    return last;
  };
  return {
    type: async (text) => void (await tmux("send-keys", "-l", "--", text)),
    press: async (...keys) => void (await tmux("send-keys", ...keys)),
    screen,
    colouredScreen: () => capture("-e"),
    shows: (text) =>
      until(String(text), (shown) =>
        typeof text === "string" ? shown.includes(text) : text.test(shown),
      ),
    ended: () =>
      until("the end of the command", async () => {
        return (await tmux("list-panes", "-F", "#{pane_dead}")).trim() === "1";
      }),
    async [Symbol.asyncDispose]() {
      await tmux("kill-server").catch(() => {});
    },
  };
}
