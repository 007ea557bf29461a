// The few calls to an app server that handing sessions on needs: JSON-RPC in lines, over its standard input and output.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

type Json = Record<string, unknown>;

export interface AppServer extends AsyncDisposable {
  /** Resolves with the result. @throws Error with what the server says of a failure. */
  call(method: string, params: Json): Promise<Json>;
  /** Resolves with the parameters of the next notification of that name. */
  next(method: string): Promise<Json>;
}

export async function startAppServer(
  program: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<AppServer> {
  const child = spawn(program, ["app-server"], { ...options, stdio: ["pipe", "pipe", "ignore"] });
  const calls = new Map<number, PromiseWithResolvers<Json>>();
  const waiting = new Map<string, PromiseWithResolvers<Json>>();
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => {
      const error = new Error(`${program} app-server has ended`);
      for (const { reject } of [...calls.values(), ...waiting.values()]) reject(error);
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as {
      readonly id?: number;
      readonly method?: string;
      readonly params?: Json;
      readonly result?: Json;
      readonly error?: { readonly message: string };
    };
    if (message.method !== undefined) {
      waiting.get(message.method)?.resolve(message.params ?? {});
      waiting.delete(message.method);
      return;
    }
    const call = calls.get(message.id ?? -1);
    if (message.error === undefined) call?.resolve(message.result ?? {});
    else call?.reject(new Error(message.error.message));
  });
  let lastId = 0;
  const send = (message: Json): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const server: AppServer = {
    call(method, params) {
      const id = (lastId += 1);
      const answer = Promise.withResolvers<Json>();
      calls.set(id, answer);
      send({ id, method, params });
      return answer.promise;
    },
    next(method) {
      const notification = Promise.withResolvers<Json>();
      waiting.set(method, notification);
      return notification.promise;
    },
    async [Symbol.asyncDispose]() {
      stop(child);
      await exited;
    },
  };
  await server.call("initialize", { clientInfo: { name: "bench", version: "0.0.0" } });
  send({ method: "initialized" });
  return server;
}

function stop(child: ChildProcess): void {
  child.stdin?.end();
  child.kill();
}
