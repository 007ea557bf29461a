/** Who carries out what scripts ask for, and what waits while there is nobody. */
import type { Cell } from "./cell.ts";
import type { JsonValue } from "./content.ts";
import type { CodeModeToolKind, PreparedTools, ToolDefinition } from "./prepared-tools.ts";

/** A tool call of a script. */
export interface NestedToolCall {
  /** The tool's own name. */
  readonly name: string;
  readonly kind: CodeModeToolKind;
  /** The argument as the script gave it; undefined when it gave none. */
  readonly input: JsonValue | undefined;
  readonly cellId: string;
  /** The id of the model's call that started the cell. */
  readonly toolCallId: string;
}

/** A text that a script sends while it runs. */
export interface Notification {
  readonly text: string;
  readonly cellId: string;
  readonly toolCallId: string;
}

/** Who carries out what scripts ask for, usually for the length of one turn. */
export interface CodeModeTurnHost {
  /**
   * The tool's result, a value that JSON can carry. A rejection reaches the script as an Error with
   * the same message. The signal is aborted when the cell ends or the turn is cancelled.
   */
  invokeTool(call: NestedToolCall, signal: AbortSignal): Promise<unknown>;
  /** Called for one notification after the other, in order. */
  notify(notification: Notification): Promise<void> | void;
  /** The turn's cancellation: cancels the tool calls that this host has begun. */
  readonly signal?: AbortSignal | undefined;
}

interface HostRequest {
  /** The cell that a tool call ends with; a notification outlives its cell. */
  readonly cell: Cell | undefined;
  deliver(host: CodeModeTurnHost): void;
}

/** The hosts of a service; the one that came last is asked. */
export class TurnHosts {
  readonly #resultBytes: number;
  readonly #hosts: CodeModeTurnHost[] = [];
  readonly #signals = new WeakMap<
    Cell,
    { readonly host: AbortSignal; readonly both: AbortSignal }
  >();
  #requests: HostRequest[] = [];
  #notifications: Promise<void> = Promise.resolve();

  /** @param resultBytes UTF-8 bytes of one tool's result as JSON */
  constructor(resultBytes: number) {
    this.#resultBytes = resultBytes;
  }

  start(host: CodeModeTurnHost): Disposable {
    this.#hosts.push(host);
    for (const request of this.#requests.splice(0)) request.deliver(host);
    return {
      [Symbol.dispose]: () => {
        const index = this.#hosts.indexOf(host);
        if (index !== -1) this.#hosts.splice(index, 1);
      },
    };
  }

  /** The cell ended: what it asked for and nobody has begun is dropped. */
  forget(cell: Cell): void {
    if (this.#requests.length === 0) return;
    this.#requests = this.#requests.filter((request) => request.cell !== cell);
  }

  forgetAll(): void {
    this.#requests = [];
  }

  notified(cell: Cell, text: string): void {
    const notification = { text, cellId: cell.id, toolCallId: cell.toolCallId };
    this.#request({
      cell: undefined,
      deliver: (host) => {
        this.#notifications = this.#notifications
          .then(() => host.notify(notification))
          .catch(() => {});
      },
    });
  }

  called(cell: Cell, tools: PreparedTools, call: number, name: string, input: string): void {
    const tool = tools.byName.get(name);
    if (tool === undefined) {
      cell.answer(call, /*ok*/ false, JSON.stringify(`There is no tool "${name}".`));
      return;
    }
    this.#request({
      cell,
      deliver: (host) => {
        void this.#invoke(host, cell, tool, input).then(({ ok, json }) => {
          cell.answer(call, ok, json);
        });
      },
    });
  }

  #request(request: HostRequest): void {
    const host = this.#hosts.at(-1);
    if (host === undefined) this.#requests.push(request);
    else request.deliver(host);
  }

  /** Made once for a cell and a host: a script may call a tool thousands of times. */
  #signalOf(cell: Cell, { signal }: CodeModeTurnHost): AbortSignal {
    if (signal === undefined) return cell.signal;
    const known = this.#signals.get(cell);
    if (known?.host === signal) return known.both;
    const both = AbortSignal.any([cell.signal, signal]);
    this.#signals.set(cell, { host: signal, both });
    return both;
  }

  async #invoke(
    host: CodeModeTurnHost,
    cell: Cell,
    tool: ToolDefinition,
    input: string,
  ): Promise<{ ok: boolean; json: string }> {
    try {
      const signal = this.#signalOf(cell, host);
      const result = await host.invokeTool(
        {
          name: tool.name,
          kind: tool.kind,
          input: input === "" ? undefined : (JSON.parse(input) as JsonValue),
          cellId: cell.id,
          toolCallId: cell.toolCallId,
        },
        signal,
      );
      const json = JSON.stringify(result) ?? "";
      if (Buffer.byteLength(json) > this.#resultBytes) {
        throw new RangeError(
          `The result of ${tool.name} is larger than ${this.#resultBytes} bytes; ask it for less.`,
        );
      }
      return { ok: true, json };
    } catch (error) {
      return { ok: false, json: JSON.stringify(textOf(error)) };
    }
  }
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : String(error);
}
