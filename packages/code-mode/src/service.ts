/** Cells, their stored values and the hosts that carry out their tool calls. */
import { Cell } from "./cell.ts";
import type { CellResponse } from "./cell.ts";
import type { JsonValue } from "./content.ts";
import { CodeModeError } from "./errors.ts";
import { defaultLimits } from "./limits.ts";
import type { CodeModeLimits } from "./limits.ts";
import { createToolPreparation } from "./prepared-tools.ts";
import type { PreparedTools, ToolDefinition } from "./prepared-tools.ts";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";
import { TurnHosts } from "./turn-host.ts";
import type { CodeModeTurnHost } from "./turn-host.ts";
import { storedSize } from "./wire.ts";

/** How scripts are run; numbers behind a semicolon are defaults. */
export interface CodeModeServiceOptions {
  /** {@link defaultLimits} for those left out. */
  readonly limits?: Partial<CodeModeLimits> | undefined;
  /** Gives scripts `setTimeout` and `clearTimeout`; false. */
  readonly timers?: boolean | undefined;
  /** Workers that are kept ready; 1. */
  readonly warmWorkers?: number | undefined;
  /** How long a stopped cell may take to notice before its thread is ended, in ms; 100. */
  readonly stopGraceMs?: number | undefined;
  /** Told of what an author of tools should know; nothing by default. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Where the worker's program is, when a bundler has moved it (`@codex-ts/code-mode/worker`). */
  readonly workerUrl?: URL | undefined;
  /** Where the engine's `.wasm` file is, when a bundler has moved it. */
  readonly wasmUrl?: URL | undefined;
}

/** A script to run. */
export interface ExecuteRequest {
  /** The id of the model's call; comes back with each notification and tool call. */
  readonly toolCallId: string;
  /** The tools that the script may call. Pass the same array again while they do not change. */
  readonly enabledTools: readonly ToolDefinition[];
  /** The script, without the line of the pragma. */
  readonly source: string;
  /** Answer after this many ms although the script runs on; 10,000. */
  readonly yieldTimeMs?: number | undefined;
}

/** A cell to wait for. */
export interface WaitRequest {
  readonly cellId: string;
  /** Answer after this many ms although the script runs on; 10,000. */
  readonly yieldTimeMs?: number | undefined;
  /** Stop the script instead of waiting for it. */
  readonly terminate?: boolean | undefined;
}

/** How a call is cut short. */
export interface CallOptions {
  /** Aborted, the call is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What an abort does to the cell: it runs on with nobody waiting for it, or it is stopped, and the
   * call is rejected once it has. `detach` when left out.
   */
  readonly onAbort?: "detach" | "terminate" | undefined;
}

/** Runs scripts in cells. Disposing of it ends every script. */
export interface CodeModeService extends AsyncDisposable {
  /**
   * Runs a script in a new cell until it ends, yields, or has run for `yieldTimeMs`.
   *
   * @throws {CodeModeError} `disposed` after the service was
   */
  execute(request: ExecuteRequest, options?: CallOptions): Promise<CellResponse>;
  /** Waits for a cell that has yielded, or stops it. */
  wait(request: WaitRequest, options?: CallOptions): Promise<CellResponse>;
  /** What scripts have stored: JSON values by key. */
  storedValues(): Readonly<Record<string, JsonValue>>;
  /** Takes these values for what scripts have stored, as when a session is resumed. */
  replaceStoredValues(values: Readonly<Record<string, JsonValue>>): void;
  /**
   * Lets this host carry out tool calls and notifications until it is disposed. What is asked for
   * while there is no host waits for the next one.
   */
  startTurnWorker(host: CodeModeTurnHost): Disposable;
  /** Cells that can be waited for, oldest first. */
  liveCells(): readonly string[];
  /**
   * Loads the engine and starts a worker, so that the first script does not wait for them.
   *
   * @param enabledTools what that script will be able to call; none when left out
   * @throws {CodeModeError} `engine_unavailable` when the engine does not start
   */
  warmUp(enabledTools?: readonly ToolDefinition[]): Promise<void>;
}

/** The time after which a call is answered although the script runs on. */
export const defaultYieldMs = 10_000;

/** Makes a service; nothing is loaded before its first use. */
export function createCodeModeService(options: CodeModeServiceOptions = {}): CodeModeService {
  return new Service(options);
}

class Service implements CodeModeService {
  readonly #limits: CodeModeLimits;
  readonly #prepare: (tools: readonly ToolDefinition[]) => PreparedTools;
  readonly #pool: WorkerPool;
  /**
   * Oldest first, and few. A Map that is filled and emptied with every cell would leave a table behind
   * each time, and a dead table holds the next: together they fill the old generation.
   */
  #cells: readonly Cell[] = [];
  readonly #hosts: TurnHosts;
  readonly #stored = new Map<string, string>();
  #storedJson: string | undefined;
  #storedBytes = 0;
  #lastCell = 0;
  #disposed = false;

  constructor(options: CodeModeServiceOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#hosts = new TurnHosts(this.#limits.resultBytes);
    this.#prepare = createToolPreparation(options.onWarning ?? (() => {}));
    this.#pool = createWorkerPool(
      {
        limits: this.#limits,
        timers: options.timers ?? false,
        warmWorkers: options.warmWorkers ?? 1,
        stopGraceMs: options.stopGraceMs ?? 100,
        workerUrl: options.workerUrl,
        wasmUrl: options.wasmUrl,
      },
      this.#prepare([]),
    );
  }

  async execute(request: ExecuteRequest, options: CallOptions = {}): Promise<CellResponse> {
    this.#checkOpen();
    options.signal?.throwIfAborted();
    const tools = this.#prepare(request.enabledTools);
    const refusal = this.#refusal(request.source);
    this.#lastCell += 1;
    const cellId = String(this.#lastCell);
    if (refusal !== undefined) {
      const error = { text: refusal, message: refusal };
      return { status: "failed", cellId, contentItems: [], droppedItems: 0, error };
    }
    const cell: Cell = new Cell({
      id: cellId,
      toolCallId: request.toolCallId,
      unattendedMs: this.#limits.unattendedMs,
      hold: () => this.#pool.hold(),
      release: () => this.#pool.release(),
      delivered: (stored) => this.#merge(stored),
      ended: () => this.#forget(cell),
      missing: () => this.#missing(cellId),
    });
    this.#cells = [...this.#cells, cell];
    const response = cell.wait(request.yieldTimeMs ?? defaultYieldMs, options);
    this.#storedJson ??=
      this.#stored.size === 0 ? "" : JSON.stringify(Object.fromEntries(this.#stored));
    const run = this.#pool.run(
      {
        source: request.source,
        tools,
        stored: this.#storedJson,
        storedBytes: this.#storedBytes,
      },
      {
        started: () => cell.started(),
        items: (items) => cell.put(items),
        called: (call, name, input) => this.#hosts.called(cell, tools, call, name, input),
        notified: (text) => this.#hosts.notified(cell, text),
        yielded: () => cell.yield(),
        ended: (end) => cell.end(end),
      },
    );
    cell.bind(run);
    return response;
  }

  async wait(request: WaitRequest, options: CallOptions = {}): Promise<CellResponse> {
    this.#checkOpen();
    options.signal?.throwIfAborted();
    const cell = this.#cells.find(({ id }) => id === request.cellId);
    if (cell === undefined) return this.#missing(request.cellId);
    return request.terminate === true
      ? cell.terminate(options)
      : cell.wait(request.yieldTimeMs ?? defaultYieldMs, options);
  }

  storedValues(): Readonly<Record<string, JsonValue>> {
    return Object.fromEntries(
      [...this.#stored].map(([key, json]) => [key, JSON.parse(json) as JsonValue]),
    );
  }

  replaceStoredValues(values: Readonly<Record<string, JsonValue>>): void {
    this.#stored.clear();
    this.#storedBytes = 0;
    this.#merge(
      Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)] as const),
    );
    this.#storedJson = undefined;
  }

  startTurnWorker(host: CodeModeTurnHost): Disposable {
    return this.#hosts.start(host);
  }

  liveCells(): readonly string[] {
    return this.#cells.map(({ id }) => id);
  }

  async warmUp(enabledTools: readonly ToolDefinition[] = []): Promise<void> {
    this.#checkOpen();
    const tools = this.#prepare(enabledTools);
    this.#pool.hold();
    try {
      await this.#pool.warmUp(tools);
    } catch (cause) {
      throw new CodeModeError(
        "engine_unavailable",
        `The script engine did not start: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    } finally {
      this.#pool.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#hosts.forgetAll();
    const reason = disposedError();
    for (const cell of this.#cells) cell.shutDown(reason);
    this.#cells = [];
    await this.#pool[Symbol.asyncDispose]();
  }

  #checkOpen(): void {
    if (this.#disposed) throw disposedError();
  }

  /** Why a script is not run at all; undefined when it is. */
  #refusal(source: string): string | undefined {
    const { sourceBytes, cells } = this.#limits;
    if (Buffer.byteLength(source) > sourceBytes) {
      return `The script is larger than ${sourceBytes} bytes; pass data through tools or stored values.`;
    }
    if (this.#cells.length < cells) return undefined;
    const held = this.#cells.find(({ state }) => state === "held");
    if (held === undefined) {
      return `${cells} cells are running already (${this.liveCells().join(", ")}); wait for one or terminate it.`;
    }
    this.#remove(held);
    return undefined;
  }

  #missing(cellId: string): CellResponse {
    return { status: "missing", cellId, liveCells: this.liveCells() };
  }

  #remove(cell: Cell): void {
    this.#cells = this.#cells.filter((each) => each !== cell);
  }

  #forget(cell: Cell): void {
    if (cell.state !== "held") this.#remove(cell);
    this.#hosts.forget(cell);
  }

  #merge(changes: readonly (readonly [string, string])[]): void {
    for (const [key, json] of changes) {
      const previous = this.#stored.get(key);
      if (previous !== undefined) this.#storedBytes -= storedSize(key, previous);
      this.#storedBytes += storedSize(key, json);
      this.#stored.set(key, json);
      this.#storedJson = undefined;
    }
  }
}

function disposedError(): CodeModeError {
  return new CodeModeError(
    "disposed",
    "The code mode service was disposed; make another one to run scripts.",
  );
}
