import type { ModelProviderAuth } from "@codex-ts/model-providers";
import { untilAborted } from "./until-aborted.ts";

/** The tokens of one provider's command. All methods may be called in parallel; one run serves all. */
export interface TokenCommand extends AsyncDisposable {
  /**
   * The token in use while it is younger than the refresh interval, else that of a new run.
   *
   * @throws LoginError `token_command_failed` or `invalid_token`; nothing is remembered of a failure.
   */
  token(signal?: AbortSignal): Promise<string>;
  /**
   * Called when a server has refused `rejected`. Runs the command, unless a newer token is there.
   * Resolves to whether there is a token that the server has not refused yet; a token that came from
   * such a renewal and is refused within a minute is not renewed again, so a loop over this ends.
   *
   * @throws LoginError `token_command_failed` or `invalid_token`
   */
  renew(rejected: string, signal?: AbortSignal): Promise<boolean>;
}

/** The `auth` table of a provider, and the surroundings that its command runs in. */
export interface TokenCommandOptions {
  readonly auth: ModelProviderAuth;
  /** Where the command runs if `auth.cwd` is not set. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: (() => number) | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

interface Held {
  readonly token: string;
  /** From the end of the run. */
  readonly since: number;
  readonly renewed: boolean;
}

interface Run {
  readonly result: Promise<Held>;
  readonly abort: AbortController;
  waiting: number;
}

const renewalTrialMs = 60_000;

/**
 * Makes the tokens of a provider's command; it runs when the first one is asked for. Disposing ends
 * a run.
 */
export function createTokenCommand({
  auth,
  folder,
  env = process.env,
  monotonicNow = () => performance.now(),
  platform = process.platform,
}: TokenCommandOptions): TokenCommand {
  const lifetime = new AbortController();
  let held: Held | undefined;
  let current: Run | undefined;

  function start(renewed: boolean): Run {
    const abort = new AbortController();
    const signal = AbortSignal.any([lifetime.signal, abort.signal]);
    const run: Run = { result: execute(), abort, waiting: 0 };
    return run;

    async function execute(): Promise<Held> {
      try {
        // Most providers have no command, and the module that runs one loads others.
        const { runTokenCommand } = await import("./run-token-command.ts");
        const token = await runTokenCommand({
          auth,
          folder: auth.cwd ?? folder,
          env,
          platform,
          signal,
        });
        held = { token, since: monotonicNow(), renewed };
        return held;
      } finally {
        if (current === run) current = undefined;
      }
    }
  }

  /** Waits for the run that is under way, or for a new one; the last to give up ends the run. */
  async function joinRun(renewed: boolean, signal: AbortSignal | undefined): Promise<Held> {
    signal?.throwIfAborted();
    current ??= start(renewed);
    const run = current;
    run.waiting += 1;
    try {
      return await untilAborted(run.result, signal);
    } finally {
      run.waiting -= 1;
      if (run.waiting === 0) {
        if (current === run) current = undefined;
        run.abort.abort();
      }
    }
  }

  function isFresh({ since }: Held): boolean {
    const { refresh_interval_ms: interval } = auth;
    return interval === 0 || monotonicNow() - since < interval;
  }

  return {
    async token(signal) {
      if (held !== undefined && isFresh(held)) return held.token;
      return (await joinRun(/* renewed */ /*renewed*/ false, signal)).token;
    },

    async renew(rejected, signal) {
      if (held !== undefined) {
        if (held.token !== rejected) return true;
        if (held.renewed && monotonicNow() - held.since < renewalTrialMs) return false;
        held = undefined;
      }
      return (await joinRun(/* renewed */ /*renewed*/ true, signal)).token !== rejected;
    },

    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException("the token command was disposed", "AbortError"));
      await current?.result.catch(() => {});
    },
  };
}
