// Test support: a program that runs the self-test on one step of the ladder and prints what came of it.
import { createSandbox } from "../create-sandbox.ts";
import type { Sandbox } from "../sandbox.ts";
import { runSelfTest } from "./run-self-test.ts";

/** Attempts that touch nothing but the stage when they succeed. */
const harmless: readonly string[] = [
  "write.create",
  "write.dot-dot",
  "write.append",
  "write.truncate",
  "write.file-link",
  "write.folder-link",
  "write.hard-link",
  "write.move-in",
  "write.move-over",
  "write.remove",
  "write.folders",
  "write.link-outside",
  "write.proc-root",
  "write.swap",
  "write.root-swap",
  "write.shared-memory",
  "write.temporary",
  "attributes.mode",
  "attributes.times",
  "protected.hooks",
  "protected.git-config",
  "protected.git-move",
  "protected.git-dir",
  "protected.codex-make",
  "protected.codex-rename",
  "protected.codex-link",
  "protected.agents",
  "read.denied-file",
  "read.denied-link",
  "read.denied-list",
  "read.denied-move",
  "read.denied-glob",
  "network.address",
  "network.name",
  "network.udp",
  "network.listen",
  "network.netlink",
  "ipc.stream",
  "ipc.abstract",
  "ipc.sendto",
  "ipc.sendmsg",
  "ipc.pair",
  "ipc.shared-memory",
  "process.signal",
  "process.signal-agent",
  "process.signal-threads",
  "process.memory",
  "process.environment",
  "process.limits",
  "process.priority",
  "process.privileges",
];

const [step = "bwrap", id = ""] = process.argv.slice(2);
if (id !== "") {
  // Everything that this process needs lies where that user may read it.
  process.setgroups?.([]);
  process.setgid?.(Number(id));
  process.setuid?.(Number(id));
}
const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";
await using sandbox = createSandbox({
  // bubblewrap is not found there; the commands themselves get another PATH.
  env: { PATH: step === "landlock" ? "/nonexistent" : searchPath },
});
/** One that claims everything and does nothing. */
const pretender: Sandbox = {
  ...sandbox,
  prepare: async (command) => sandbox.prepareUnconfined(command),
};
const report = await runSelfTest({
  sandbox: step === "none" ? pretender : sandbox,
  searchPath,
  only: step === "none" ? harmless : undefined,
});
process.stdout.write(JSON.stringify(report));
