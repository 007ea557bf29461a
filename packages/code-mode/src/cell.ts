/** One script's life as a state machine: what it does to the calls that wait for it. */
import type { CellError, ContentItem } from "./content.ts";
import type { CellEnd, CellRun } from "./cell-job.ts";

/** What a call to `execute` or `wait` is answered with. Items are delivered once. */
export type CellResponse =
  /** The script is still running; its output so far. */
  | CellAnswer<"yielded">
  | CellAnswer<"completed">
  | (CellAnswer<"failed"> & { readonly error: CellError })
  /** The script was stopped, and its engine has truly ended; output that was not yet delivered. */
  | CellAnswer<"terminated">
  /** No such cell: it never was, or its result has been delivered. */
  | { readonly status: "missing"; readonly cellId: string; readonly liveCells: readonly string[] };

/** What every answer about a cell that exists has. */
export interface CellAnswer<Status extends string> {
  readonly status: Status;
  readonly cellId: string;
  readonly contentItems: readonly ContentItem[];
  /** Items that the cell put out over its limits; they are gone. */
  readonly droppedItems: number;
}

type FinalOutcome =
  | { readonly type: "completed" }
  | { readonly type: "failed"; readonly error: CellError };

/** A call that waits for the cell. */
interface Waiter {
  resolve(response: CellResponse): void;
  reject(reason: unknown): void;
  /** Until the yield timer runs; undefined while the engine has not started, and after a stop. */
  timer: NodeJS.Timeout | undefined;
  readonly yieldMs: number | undefined;
  release(): void;
}

export type CellState =
  | { readonly type: "running"; readonly waiter: Waiter | undefined }
  /** Ended while nobody waited; the result is kept for the next call. */
  | { readonly type: "held"; readonly outcome: FinalOutcome }
  /** Asked to stop; the engine has not stopped yet. */
  | { readonly type: "terminating"; readonly waiter: Waiter | undefined }
  | { readonly type: "gone" };

export interface CellOptions {
  readonly id: string;
  readonly toolCallId: string;
  /** How long the cell may run while nobody waits for it, in ms. */
  readonly unattendedMs: number;
  /** Called when a call begins and ceases to wait. */
  hold(): void;
  release(): void;
  /** The result was delivered: what the script stored counts from now on. */
  delivered(stored: readonly (readonly [string, string])[]): void;
  /** The cell is gone, or only its result is left. */
  ended(): void;
  missing(): CellResponse;
}

/** A call's cancellation, and what it does to the cell. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onAbort?: "detach" | "terminate" | undefined;
}

const longestTimer = 2 ** 31 - 1;

export class Cell {
  readonly id: string;
  readonly toolCallId: string;
  readonly #options: CellOptions;
  #state: CellState = { type: "running", waiter: undefined };
  #items: ContentItem[] = [];
  #stored: readonly (readonly [string, string])[] = [];
  #dropped = 0;
  #started = false;
  #run: CellRun | undefined;
  #unattended: NodeJS.Timeout | undefined;
  #overdue = false;
  #abort: AbortController | undefined;

  constructor(options: CellOptions) {
    this.#options = options;
    this.id = options.id;
    this.toolCallId = options.toolCallId;
  }

  get state(): CellState["type"] {
    return this.#state.type;
  }

  /** Aborted when the cell ends, however it does: its tool calls end with it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state.type === "held" || this.#state.type === "gone") this.#abort.abort();
    return this.#abort.signal;
  }

  bind(run: CellRun): void {
    this.#run = run;
  }

  answer(call: number, ok: boolean, json: string): void {
    if (this.#state.type === "running") this.#run?.answer(call, ok, json);
  }

  /**
   * Waits until the script ends, yields, or has run for `yieldMs`.
   *
   * @throws the signal's reason when it is aborted; the cell runs on and nothing is lost
   */
  wait(yieldMs: number, options: WaitOptions = {}): Promise<CellResponse> {
    switch (this.#state.type) {
      case "running": {
        const { waiter, response } = this.#createWaiter(yieldMs, options);
        this.#replace(this.#state.waiter);
        this.#state = { type: "running", waiter };
        clearTimeout(this.#unattended);
        this.#unattended = undefined;
        this.#run?.attend();
        if (this.#started) this.#armYield(waiter);
        return response;
      }
      case "held":
        return Promise.resolve(this.#deliver(this.#state.outcome));
      case "terminating":
      case "gone":
        return Promise.resolve(this.#options.missing());
    }
  }

  /** Stops the script; the answer comes when the engine has stopped. A held result is delivered. */
  terminate(options: WaitOptions = {}): Promise<CellResponse> {
    if (this.#state.type === "held") return Promise.resolve(this.#deliver(this.#state.outcome));
    if (this.#state.type === "gone") return Promise.resolve(this.#options.missing());
    const { waiter, response } = this.#createWaiter(/*yieldMs*/ undefined, options);
    this.#replace(this.#state.waiter);
    const stopping = this.#state.type === "terminating";
    this.#state = { type: "terminating", waiter };
    clearTimeout(this.#unattended);
    this.#abort?.abort();
    if (!stopping) this.#run?.stop();
    return response;
  }

  /** Ends the cell with its service; a call that waits for it is rejected with `reason`. */
  shutDown(reason: unknown): void {
    const state = this.#state;
    if (state.type === "held" || state.type === "gone") return;
    this.#state = { type: "terminating", waiter: undefined };
    clearTimeout(this.#unattended);
    this.#abort?.abort();
    if (state.type === "running") this.#run?.stop();
    if (state.waiter !== undefined) {
      state.waiter.release();
      state.waiter.reject(reason);
    }
  }

  started(): void {
    this.#started = true;
    if (this.#state.type === "running" && this.#state.waiter) this.#armYield(this.#state.waiter);
  }

  put(items: readonly ContentItem[]): void {
    for (const item of items) this.#items.push(item);
  }

  /** The script asked for an answer now, or its time is up. */
  yield(): void {
    if (this.#state.type !== "running" || this.#state.waiter === undefined) return;
    const { waiter } = this.#state;
    this.#leave();
    waiter.release();
    waiter.resolve(this.#answer("yielded"));
  }

  end(end: CellEnd): void {
    const state = this.#state;
    clearTimeout(this.#unattended);
    this.#abort?.abort();
    if ("dropped" in end) this.#dropped = end.dropped;
    if (state.type === "terminating") {
      this.#state = { type: "gone" };
      this.#options.ended();
      state.waiter?.release();
      state.waiter?.resolve(this.#answer("terminated"));
      return;
    }
    if (state.type !== "running") return;
    const outcome = this.#outcomeOf(end);
    // Values of a cell that vanished or was stopped are not written.
    if ("stored" in end && end.outcome.type !== "stopped") this.#stored = end.stored;
    if (state.waiter === undefined) {
      this.#state = { type: "held", outcome };
      this.#options.ended();
      return;
    }
    state.waiter.release();
    state.waiter.resolve(this.#deliver(outcome));
  }

  #outcomeOf(end: CellEnd): FinalOutcome {
    switch (end.outcome.type) {
      case "completed":
      case "failed":
        return end.outcome;
      case "lost": {
        const text = `The script's runtime ended unexpectedly: ${end.outcome.reason}`;
        return { type: "failed", error: { text, message: text } };
      }
      case "stopped": {
        const minutes = Math.round(this.#options.unattendedMs / 6_000) / 10;
        const text = this.#overdue
          ? `The script was stopped: it ran for ${minutes} minutes with nobody waiting for it.`
          : "The script was stopped.";
        return { type: "failed", error: { text, message: text } };
      }
    }
  }

  #deliver(outcome: FinalOutcome): CellResponse {
    this.#state = { type: "gone" };
    this.#options.delivered(this.#stored);
    this.#options.ended();
    if (outcome.type === "completed") return this.#answer("completed");
    return { ...this.#answer("failed"), error: outcome.error };
  }

  #answer<Status extends string>(status: Status): CellAnswer<Status> {
    const contentItems = this.#items;
    this.#items = [];
    return { status, cellId: this.id, contentItems, droppedItems: this.#dropped };
  }

  #createWaiter(
    yieldMs: number | undefined,
    { signal, onAbort }: WaitOptions,
  ): { waiter: Waiter; response: Promise<CellResponse> } {
    const { promise, resolve, reject } = Promise.withResolvers<CellResponse>();
    const aborted = (): void => {
      const refuse = (): void => reject(signal?.reason);
      if (this.#state.type === "terminating" && this.#state.waiter === waiter) {
        this.#state = { type: "terminating", waiter: undefined };
      }
      if (this.#state.type === "running" && this.#state.waiter === waiter) {
        if (onAbort === "terminate") {
          this.#state = { type: "running", waiter: undefined };
          void this.terminate().then(refuse);
          waiter.release();
          return;
        }
        this.#leave();
      }
      waiter.release();
      refuse();
    };
    const waiter: Waiter = {
      resolve,
      reject,
      timer: undefined,
      yieldMs,
      release: () => {
        clearTimeout(waiter.timer);
        signal?.removeEventListener("abort", aborted);
        this.#options.release();
      },
    };
    signal?.addEventListener("abort", aborted, { once: true });
    this.#options.hold();
    return { waiter, response: promise };
  }

  #armYield(waiter: Waiter): void {
    if (waiter.yieldMs === undefined || waiter.timer !== undefined) return;
    waiter.timer = setTimeout(() => this.yield(), Math.min(waiter.yieldMs, longestTimer));
  }

  /** A call that another one replaces finds the cell missing. */
  #replace(waiter: Waiter | undefined): void {
    if (waiter === undefined) return;
    waiter.release();
    waiter.resolve(this.#options.missing());
  }

  #leave(): void {
    this.#state = { type: "running", waiter: undefined };
    this.#unattended = setTimeout(
      () => {
        this.#overdue = true;
        this.#run?.stop();
      },
      Math.min(this.#options.unattendedMs, longestTimer),
    ).unref();
    this.#run?.leave();
  }
}
