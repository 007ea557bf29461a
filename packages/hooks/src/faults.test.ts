// Hooks that go wrong, with real processes. Every case looks for processes that are left over.
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { isAlive, runProcess, temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { expect, test } from "vitest";
import { createHooks, type HooksOptions } from "./engine.ts";
import { commandHandler, plainShell, requests } from "./testing/requests.ts";

/** The processes that have this in their environment. */
async function processesWith(mark: string): Promise<readonly string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/environ`, "utf8").catch(() => "")),
  );
  return ids.filter((_id, index) => environments[index]?.includes(mark));
}

async function runPreToolUse(
  command: string,
  options: Partial<HooksOptions> & {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
    readonly toolInput?: string;
    readonly cwd?: string;
    /** What a process was told to go on with by itself. */
    readonly background?: boolean;
  } = {},
) {
  const {
    timeoutMs = 60_000,
    signal,
    toolInput = "ls",
    cwd = "/",
    background = false,
    ...rest
  } = options;
  const mark = `HOOK_FAULT=${randomUUID()}`;
  const [name = "", value] = mark.split("=");
  await using hooks = createHooks({
    shell: plainShell,
    handlers: [commandHandler("PreToolUse", command, { timeoutMs })],
    env: { ...process.env, [name]: value },
    ...rest,
  });
  const outcome = await hooks.run(
    "PreToolUse",
    { ...requests.PreToolUse, cwd, tool_input: { command: toolInput } },
    { signal },
  );
  const [run] = outcome.runs;
  if (!background && process.platform === "linux") {
    await waitFor(async () => (await processesWith(mark)).length === 0, {
      describe: "nothing is left of the hook",
    });
  }
  return { status: run?.status, entries: run?.entries, block: outcome.block?.reason ?? null };
}

function failure(text: unknown) {
  return { status: "failed", entries: [{ kind: "error", text }], block: null };
}

async function pidIn(file: string): Promise<number> {
  const text = await waitFor(() => readFile(file, "utf8").catch(() => ""));
  return Number(text);
}

const gone = (pid: number) => waitFor(() => !isAlive(pid), { describe: `${pid} has ended` });

test.concurrent("a hook that hangs is ended at its timeout with its children", async () => {
  await using folder = await temporaryDirectory();
  const command = "sleep 600 & echo $! > child; echo $$ > self; wait";
  expect(await runPreToolUse(command, { timeoutMs: 1000, cwd: folder.path })).toEqual(
    failure("the hook timed out after 1 second"),
  );
  await gone(await pidIn(folder.join("child")));
  await gone(await pidIn(folder.join("self")));
});

test.concurrent("a child that has left the process group is ended with it too", async () => {
  await using folder = await temporaryDirectory();
  const controller = new AbortController();
  const child = `require("node:child_process").spawn("sleep", ["600"], { detached: true, stdio: "inherit" })`;
  const program = `require("node:fs").writeFileSync("child", String(${child}.pid))`;
  const running = runPreToolUse(`'${process.execPath}' -e '${program}'`, {
    cwd: folder.path,
    signal: controller.signal,
  });
  await pidIn(folder.join("child"));
  controller.abort();
  expect(await running).toMatchObject({ status: "cancelled" });
});

test.concurrent("a hook that ignores every signal it can is ended too", async () => {
  await using folder = await temporaryDirectory();
  const command = "trap '' TERM INT HUP; echo $$ > self; while :; do sleep 0.2; done";
  expect(await runPreToolUse(command, { timeoutMs: 500, cwd: folder.path })).toEqual(
    failure("the hook timed out after 0.5 seconds"),
  );
  await gone(await pidIn(folder.join("self")));
});

test.concurrent("a background child that holds the pipes neither delays nor survives", async () => {
  await using folder = await temporaryDirectory();
  const command = "sleep 600 & echo $! > child; echo refused >&2; exit 2";
  expect(await runPreToolUse(command, { cwd: folder.path })).toEqual({
    status: "blocked",
    entries: [{ kind: "feedback", text: "refused" }],
    block: "refused",
  });
  await gone(await pidIn(folder.join("child")));
});

test.concurrent("a background child that let go of the pipes lives on", async () => {
  await using folder = await temporaryDirectory();
  const command = "sleep 600 > /dev/null 2>&1 & echo $! > child";
  expect(await runPreToolUse(command, { cwd: folder.path, background: true })).toMatchObject({
    status: "completed",
  });
  const pid = await pidIn(folder.join("child"));
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
});

test.concurrent("an abort ends the hook and its children and says cancelled", async () => {
  await using folder = await temporaryDirectory();
  const controller = new AbortController();
  const running = runPreToolUse("sleep 600 & echo $! > child; wait", {
    cwd: folder.path,
    signal: controller.signal,
  });
  const child = await pidIn(folder.join("child"));
  controller.abort();
  expect(await running).toEqual({ status: "cancelled", entries: [], block: null });
  await gone(child);
});

test.concurrent("hooks do not outlive the process that runs them", async () => {
  await using folder = await temporaryDirectory();
  const engine = new URL("./engine.ts", import.meta.url).href;
  const testing = new URL("./testing/requests.ts", import.meta.url).href;
  const program = `
    import { existsSync } from "node:fs";
    import { createHooks } from "${engine}";
    import { commandHandler, plainShell, requests } from "${testing}";
    const handlers = [commandHandler("Stop", "echo $$ > self; mv self pid; sleep 600")];
    void createHooks({ shell: plainShell, handlers }).run("Stop", { ...requests.Stop, cwd: process.cwd() });
    setInterval(() => { if (existsSync("pid")) process.exit(0); }, 20);
  `;
  const { code, stderr } = await runProcess(
    [
      process.execPath,
      "--conditions=@codex-ts/source",
      "--input-type=module-typescript",
      "-e",
      program,
    ],
    { cwd: folder.path },
  );
  expect({
    code,
    stderr: stderr.replaceAll(/\(node:.*|.*ExperimentalWarning.*|\(Use `node.*/g, "").trim(),
  }).toEqual({ code: 0, stderr: "" });
  await gone(await pidIn(folder.join("pid")));
});

test.concurrent("50 MB on both outputs are read, bounded and do not block the hook", async () => {
  const result = await runPreToolUse(
    "head -c 50000000 /dev/zero; head -c 50000000 /dev/zero | tr '\\0' x >&2; exit 2",
  );
  expect(result.status).toBe("blocked");
  expect(result.block).toBe(
    `${"x".repeat(10_000)}\n[cut: ${1024 * 1024 - 10_000} more characters]`,
  );
});

test.concurrent("JSON that was cut for its length fails and says so", async () => {
  const command = `printf '{"systemMessage":"'; head -c 2000000 /dev/zero | tr '\\0' x; printf '"}'`;
  expect(await runPreToolUse(command)).toEqual(
    failure(
      "the PreToolUse hook's JSON output is invalid: it is longer than 1048576 bytes and was cut",
    ),
  );
});

test.concurrent("JSON that breaks off is a failure with the parser's words", async () => {
  expect(await runPreToolUse(`printf '{"decision":'`)).toEqual(
    failure(
      expect.stringMatching(
        /^the PreToolUse hook's JSON output is invalid: .*JSON input/,
      ) as string,
    ),
  );
});

test.concurrent("invalid UTF-8 is decoded with replacements", async () => {
  expect(await runPreToolUse(`printf 'caf\\351' >&2; exit 2`)).toMatchObject({
    block: "caf\ufffd",
  });
});

test.concurrent("a huge payload reaches a hook that reads it", async () => {
  const toolInput = "x".repeat(2_000_000);
  expect(await runPreToolUse("wc -c >&2; exit 2", { toolInput })).toMatchObject({
    block: expect.stringMatching(/^20002\d\d$/),
  });
});

test.concurrent("a huge payload does not harm a hook that never reads it", async () => {
  const toolInput = "x".repeat(2_000_000);
  const results = await Promise.all([
    runPreToolUse("exit 0", { toolInput }),
    runPreToolUse("exec < /dev/null; echo no >&2; exit 2", { toolInput }),
    runPreToolUse("sleep 600", { toolInput, timeoutMs: 500 }),
  ]);
  expect(results).toEqual([
    { status: "completed", entries: [], block: null },
    { status: "blocked", entries: [{ kind: "feedback", text: "no" }], block: "no" },
    failure("the hook timed out after 0.5 seconds"),
  ]);
});

test.concurrent("a shell or a folder that is not there is a failure that names both", async () => {
  const shell = { program: "/no/such/shell", args: ["-c"] };
  expect(await runPreToolUse("true", { shell })).toEqual(
    failure("the hook could not be started with /no/such/shell in /: spawn /no/such/shell ENOENT"),
  );
  expect(await runPreToolUse("true", { cwd: "/no/such/folder" })).toEqual(
    failure(
      expect.stringMatching(
        /^the hook could not be started with \/bin\/sh in \/no\/such\/folder: /,
      ),
    ),
  );
  expect(await runPreToolUse("true", { cwd: "/\0" })).toEqual(
    failure(expect.stringMatching(/^the hook could not be started with \/bin\/sh in /)),
  );
});

test.concurrent("a program that is missing, and one that may not be run, are named", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "hook.sh": "#!/bin/sh\n" });
  const results = await Promise.all([
    runPreToolUse("/no/such/hook"),
    runPreToolUse("./hook.sh", { cwd: folder.path }),
  ]);
  expect(results).toEqual([
    failure(expect.stringMatching(/^the hook exited with code 127: .*\/no\/such\/hook/) as string),
    failure(expect.stringMatching(/^the hook exited with code 126: .*hook\.sh/) as string),
  ]);
});

test.concurrent("a hook that is killed is a failure that names the signal", async () => {
  expect(await runPreToolUse("kill -SEGV $$")).toEqual(
    failure("the hook ended without a status code (signal SIGSEGV)"),
  );
});

test.concurrent("a hook that crashes is a failure with the first line of its complaint", async () => {
  expect(await runPreToolUse(`python3 -c 'raise SystemExit("no database\\nmore")'`)).toEqual(
    failure("the hook exited with code 1: no database"),
  );
});
