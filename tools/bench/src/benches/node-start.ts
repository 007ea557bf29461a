// The floor under every command of ours: Node itself, doing nothing.
import type { Benchmark } from "../benchmark.ts";

export const benchmark: Benchmark = {
  name: "node-start",
  question: "What does an empty program cost on the pinned Node?",
  rounds: 21,
  subjects({ against }) {
    const node = {
      name: `node ${process.versions.node}`,
      command: [process.execPath, "-e", "0"],
    } as const;
    if (against === undefined) return [node];
    return [node, { name: against, command: [against, "-e", "0"] }];
  },
};
