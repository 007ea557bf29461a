// What many threads in one process cost.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { message, respond, startScriptedModel } from "@codex-ts/scripted-model";

const script = join(import.meta.dirname, "threads.ts");
const node = [process.execPath, "--conditions=@codex-ts/source", "--no-warnings", script] as const;

export const benchmark = {
  name: "threads",
  question:
    "Do 100 idle threads take at most 400 MB, and is the event loop's p99 delay at most 10 ms while 20 threads stream?",
  rounds: 5,
  async subjects({ scratch }: { readonly scratch: string }) {
    const hello = await startScriptedModel({ script: [respond([message("hello")])] });
    const long = await startScriptedModel({
      script: [respond([message("word ".repeat(1500))], { delayMs: 2 })],
    });
    hello.unref();
    long.unref();
    const folder = (): string => mkdtempSync(join(scratch, "threads-"));
    return [
      { name: "100 idle threads", command: [...node, "idle", "100", hello.url, folder()] },
      {
        name: "p99 delay with 20 streaming",
        async sample() {
          const [file, ...args] = [...node, "stream", "20", long.url, folder()];
          const { stdout } = await promisify(execFile)(file ?? "", args);
          return Number(stdout);
        },
      },
    ];
  },
};
