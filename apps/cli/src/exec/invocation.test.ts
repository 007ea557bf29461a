import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { httpError, message, respond } from "@codex-ts/scripted-model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);

const answering = (): Promise<CliWorld> =>
  cliWorld({ script: [respond([message("first")]), respond([message("second")])] });

/** The text of the last user message of the last request. */
function lastPrompt(world: CliWorld): string {
  const last = world.model.requests.at(-1)?.input.at(-1);
  if (last?.type !== "message") throw new Error("no message was sent");
  return last.content.map((part) => (part.type === "input_image" ? "" : part.text)).join("");
}

describe("the prompt", () => {
  test("what is piped in is added to a prompt, also behind resume", async () => {
    await using world = await answering();
    const run = await world.run(["exec", "P"], { stdin: "text\n" });
    expect(lastPrompt(world)).toBe("P\n\n<stdin>\ntext\n</stdin>");
    expect(run.stderr).toContain("Reading additional input from stdin...");
    await world.run(["exec", "resume", "--last", "Q"], { stdin: "more" });
    expect(lastPrompt(world)).toBe("Q\n\n<stdin>\nmore\n</stdin>");
  });

  test("an empty pipe leaves the prompt alone", async () => {
    await using world = await answering();
    await world.run(["exec", "P"], { stdin: " \n" });
    expect(lastPrompt(world)).toBe("P");
  });

  test.each([["exec"], ["exec", "-"]])("%s %s takes the pipe word for word", async (...args) => {
    await using world = await answering();
    await world.run(args, { stdin: Buffer.from("\ufeffprompt ü\n") });
    expect(lastPrompt(world)).toBe("prompt ü\n");
  });

  test("no prompt and nothing in the pipe is an error, and no session is made", async () => {
    await using world = await answering();
    const run = await world.run(["exec", "-"]);
    expect([run.code, run.stderr]).toEqual([
      1,
      'Error: No prompt provided via stdin. Give it as an argument, codex-ts exec "what to do", or pipe it in.\n',
    ]);
    expect(await world.sessionFiles()).toEqual([]);
  });

  test("a prompt goes on without a pipe that is open and silent", async () => {
    await using world = await cliWorld({ script: [respond([message("ok")])] });
    const { done } = world.start(["exec", "P"], { stdin: { kind: "open" } });
    const run = await done;
    expect([run.code, run.stdout, lastPrompt(world)]).toEqual([0, "ok\n", "P"]);
    expect(run.stderr).toContain("Nothing came from stdin: going on without it.\n");
  });

  test("an open pipe is read to its end, and SIGINT ends the wait", async () => {
    await using world = await answering();
    const { child, done } = world.start(["exec", "P"], { stdin: { kind: "open" } });
    await new Promise((resolve) => child.stderr.once("data", resolve));
    child.stdin.write("part");
    child.kill("SIGINT");
    expect((await done).signal).toBe("SIGINT");
    expect(world.model.requests).toEqual([]);
  });
});

describe("what is wrong with an invocation is found before a session exists", () => {
  let shared: CliWorld;
  beforeAll(async () => {
    shared = await answering();
  });
  afterAll(() => shared[Symbol.asyncDispose]());

  test.each([
    [["exce", "x"], 2, "did you mean exec?"],
    [["exec", "--modl", "x", "hi"], 2, "did you mean --model?"],
    [["exec", "-s", "foo", "hi"], 2, "read-only, workspace-write, danger-full-access"],
    [["exec", "-i", "none.png", "hi"], 2, "none.png does not exist"],
    [["exec", "--output-schema", "none.json", "hi"], 1, "none.json does not exist"],
    [["exec", "--output-schema", "a.txt", "hi"], 1, "a.txt is not JSON"],
    [["exec", "-C", "none", "hi"], 1, "none cannot be used: it does not exist"],
    [["exec", "-p", "none", "hi"], 1, "none"],
    [["exec", "-c", "novalue", "hi"], 1, "novalue"],
    [["exec", "-c", "model_provider=none", "hi"], 1, "none"],
    [["exec", "--enable", "none", "hi"], 1, "Unknown feature flag: none"],
    [["exec", "resume", "hi"], 1, "no session of this folder has the name"],
    [["exec", "resume", "--last", "hi"], 1, "there is no session"],
    [["exec", "resume"], 2, "which session?"],
    [["features", "lst"], 2, "did you mean list?"],
    [["login", "--api-key", "k"], 1, "--with-api-key"],
    [["completion", "tcsh"], 2, "bash, zsh, fish, powershell, elvish"],
  ])("%j: exit code %d", async (args, code, words) => {
    const run = await shared.run(args, { stdin: "go on" });
    expect(run.stderr).toContain(words);
    expect(run.stderr).toMatch(/^(?:Reading .*\n)?Error: /);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(await shared.sessionFiles()).toEqual([]);
    expect(shared.model.requests).toEqual([]);
  });

  test("a broken config.toml: file, line, column, key and what is allowed", async () => {
    await using world = await answering();
    const file = nodePath.join(world.home, "config.toml");
    await writeFile(file, 'model = "m"\nsandbox_mode = "writable"\n');
    const wrong = await world.run(["exec", "hi"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(`${file}:2:16`);
    expect(wrong.stderr).toMatch(/sandbox_mode/);
    expect(wrong.stderr).toMatch(/read-only.*workspace-write.*danger-full-access/);
    await writeFile(file, 'model = "m"\nbroken = = 1\n');
    const broken = await world.run(["exec", "hi"]);
    expect([broken.code, broken.stderr]).toEqual([
      1,
      expect.stringContaining(`${file}:2:`) as string,
    ]);
  });

  test("a folder without a repository is refused, unless the flag or --yolo says otherwise", async () => {
    await using world = await answering();
    const folder = nodePath.dirname(world.home);
    const refused = await world.run(["exec", "hi"], { cwd: folder });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--skip-git-repo-check");
    const run = await world.run(["exec", "--skip-git-repo-check", "hi"], { cwd: folder });
    expect(run.code).toBe(0);
    expect((await world.run(["exec", "--yolo", "hi"], { cwd: folder })).code).toBe(0);
  });

  test("a CODEX_HOME that does not exist is named", async () => {
    await using world = await answering();
    const run = await world.run(["exec", "hi"], { env: { CODEX_HOME: "/nowhere/at/all" } });
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringContaining("/nowhere/at/all") as string,
    ]);
  });

  test("a home that cannot be written to is told, and the turn goes on", async () => {
    await using world = await answering();
    await writeFile(nodePath.join(world.home, "sessions"), "not a folder");
    const run = await world.run(["exec", "hi"]);
    expect([run.code, run.stdout]).toEqual([0, "first\n"]);
    expect(run.stderr).toMatch(/warning: The session file .* cannot be written: ENOTDIR/);
  });
});

describe("the output of a run", () => {
  test("the last message alone on stdout, everything else on stderr", async () => {
    await using world = await answering();
    const run = await world.run(["exec", "hi"]);
    expect([run.code, run.stdout]).toEqual([0, "first\n"]);
    expect(run.stderr).toMatch(/^session id: [0-9a-f-]{36}$/m);
    expect(run.stderr).not.toContain("\u001b");
  });

  test("colours on stderr when asked for, never on stdout; NO_COLOR does not beat the flag", async () => {
    await using world = await answering();
    const always = await world.run(["exec", "--color", "always", "hi"], { env: { NO_COLOR: "1" } });
    expect(always.stderr).toContain("\u001b[1m");
    expect(always.stdout).toBe("first\n");
    const forced = await world.run(["exec", "hi"], { env: { FORCE_COLOR: "1" } });
    expect(forced.stderr).toContain("\u001b[1m");
    const both = await world.run(["exec", "hi"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(both.stderr).not.toContain("\u001b");
    const never = await world.run(["exec", "--color", "never", "hi"], {
      env: { FORCE_COLOR: "1" },
    });
    expect(never.stderr).not.toContain("\u001b");
  });

  test("-o gets the last message without a line break; a failed turn leaves the file alone", async () => {
    await using world = await cliWorld({
      script: [
        respond([message("first")]),
        httpError(/*status*/ 400, { error: { message: "no" } }),
      ],
    });
    const file = nodePath.join(world.repository, "last.txt");
    await world.run(["exec", "-o", "last.txt", "hi"]);
    expect(await readFile(file, "utf8")).toBe("first");
    const failed = await world.run(["exec", "resume", "--last", "-o", "last.txt", "hi"]);
    expect(failed.code).toBe(1);
    expect(await readFile(file, "utf8")).toBe("first");
  });

  test("a turn without a message gives an empty file and a warning", async () => {
    await using world = await cliWorld({ script: [respond([])] });
    const run = await world.run(["exec", "-o", "last.txt", "hi"]);
    expect([run.code, run.stdout]).toEqual([0, ""]);
    expect(run.stderr).toContain("without a message");
    expect(await readFile(nodePath.join(world.repository, "last.txt"), "utf8")).toBe("");
  });

  test("a last message that cannot be written is told, and does not fail the run", async () => {
    await using world = await answering();
    await mkdir(nodePath.join(world.repository, "folder"));
    const run = await world.run(["exec", "-o", "folder", "hi"]);
    expect([run.code, run.stdout]).toEqual([0, "first\n"]);
    expect(run.stderr).toContain("could not be written");
  });

  test("--ephemeral writes no session file, any other run writes one", async () => {
    await using world = await answering();
    await world.run(["exec", "--ephemeral", "hi"]);
    expect(await world.sessionFiles()).toEqual([]);
    await world.run(["exec", "hi"]);
    expect(await world.sessionFiles()).toHaveLength(1);
  });
});

test("--help and --version go to stdout", async () => {
  await using world = await answering();
  const version = await world.run(["--version"]);
  expect([version.code, version.stderr]).toEqual([0, ""]);
  expect(version.stdout).toMatch(/^codex-ts \d+\.\d+\.\d+\n$/);
  for (const args of [["--help"], ["exec", "--help"], ["exec", "resume", "-h"], ["help", "exec"]]) {
    const help = await world.run(args);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toContain("Usage: codex-ts");
  }
});

test("the launcher starts it through links, from any folder", async () => {
  await using world = await answering();
  const { symlink } = await import("node:fs/promises");
  const { runProcess } = await import("@codex-ts/test-support");
  const link = nodePath.join(world.repository, "agent");
  await symlink(world.cli.launcher, link);
  expect((await stat(link)).mode & 0o111).toBe(0o111);
  await chmod(world.repository, 0o755);
  const run = await runProcess([link, "exec", "--json", "hi"], {
    cwd: world.repository,
    env: { ...world.env },
  });
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('"text":"first"');
});
