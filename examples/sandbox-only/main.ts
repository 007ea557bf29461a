// Runs commands that may write to one folder and talk to nobody, and says what is enforced.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import { createSandbox } from "@codex-ts/sandboxing";

const work = fromAbsolute(await mkdtemp(`${tmpdir()}/sandbox-only-work-`));
const other = fromAbsolute(await mkdtemp(`${process.env["HOME"] ?? tmpdir()}/sandbox-only-other-`));
await using sandbox = createSandbox({ env: process.env });
await using environment = createLocalEnvironment({ sandbox });

const { step, aspects } = await sandbox.report();
console.log(`sandbox: ${step}`);

/** The exit code of a shell script that runs in `work`. */
async function run(script: string): Promise<number | null> {
  await using running = await environment.start({
    command: {
      argv: ["sh", "-c", script],
      cwd: work,
      env: { PATH: process.env["PATH"] ?? "" },
    },
    confinement: {
      kind: "sandboxed",
      context: {
        policy: { type: "workspace-write", exclude_tmpdir_env_var: true, exclude_slash_tmp: true },
        policyCwd: work,
      },
    },
  });
  running.onOutput(({ bytes }) => void process.stdout.write(bytes));
  return (await running.closed).exitCode;
}

assert.equal(await run("echo inside > note.txt"), 0);
assert.ok(existsSync(join(work, "note.txt")));
if (aspects.file_writes.enforced) {
  assert.notEqual(await run(`echo outside > ${other}/note.txt`), 0);
  assert.ok(!existsSync(join(other, "note.txt")));
}
if (aspects.network.enforced) {
  const server = createServer(() => assert.fail("a command reached the network")).listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.notEqual(await run(`bash -c 'echo hello > /dev/tcp/127.0.0.1/${port}'`), 0);
  server.close();
}
await rm(work, { recursive: true });
await rm(other, { recursive: true });
