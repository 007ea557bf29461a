// The worker, but its thread ends when a script gives "die" to a tool.
import { parentPort } from "node:worker_threads";
import type { FromWorker } from "./wire.ts";

const port = parentPort;
if (port !== null) {
  const say = port.postMessage.bind(port);
  port.postMessage = (message: FromWorker) => {
    say(message);
    if (message.type === "call" && message.input === '"die"') process.exit(3);
  };
}
await import("./worker.ts");
