import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createCodeModeService } from "../src/index.ts";

/** Leaves rubbish behind: globals, a rejection that nobody handles. */
const script = `
  globalThis.rubbish = Array.from({ length: 100 }, (_, i) => ({ i, text: "x".repeat(i) }));
  Promise.reject(1); text(rubbish.length);
`;

interface Mark {
  readonly execs: number;
  readonly mebibytes: number;
  /** Of the process, where the system tells. */
  readonly threads: number | undefined;
}

function threads(): number | undefined {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return undefined;
  }
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

export const benchmark = {
  name: "code-mode-endurance",
  question: "How does the memory grow over many execs on one service?",
  flags: {
    execs: { kind: "count", default: 30_000, least: 10, help: "how many" },
  },
  async report({ flags: { execs } }: { readonly flags: { readonly execs: number } }) {
    const collect = garbageCollector();
    await using service = createCodeModeService();
    const marks: Mark[] = [];
    for (let done = 1; done <= execs; done += 1) {
      const request = { toolCallId: "bench", enabledTools: [], source: script };
      const response = await service.execute(request);
      if (response.status !== "completed") throw new Error(JSON.stringify(response));
      if (done % Math.floor(execs / 10) !== 0) continue;
      collect();
      const mebibytes = process.memoryUsage.rss() / 2 ** 20;
      marks.push({ execs: done, mebibytes, threads: threads() });
    }
    const growth = (marks.at(-1)?.mebibytes ?? 0) - (marks[3]?.mebibytes ?? 0);
    const text = [
      "Resident set of the process, after a collection in the host alone; the worker is left as it is.",
      ...marks.map(
        ({ execs, mebibytes, threads }) =>
          `${String(execs).padStart(7)} execs  ${mebibytes.toFixed(1)} MiB  ${threads ?? "?"} threads`,
      ),
      `growth over the last three fifths: ${growth.toFixed(1)} MiB (bound 5 MiB)`,
    ].join("\n");
    return { text, data: { marks, growth } };
  },
};
