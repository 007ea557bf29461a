import { chmod, readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { type ModelProviderAuth, authDefaults } from "@codex-ts/model-providers";
import {
  type TemporaryDirectory,
  isAlive,
  temporaryDirectory,
  waitFor,
} from "@codex-ts/test-support";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TokenCommand, type TokenCommandOptions, createTokenCommand } from "./index.ts";

let folder: TemporaryDirectory;
const made: TokenCommand[] = [];

beforeEach(async () => {
  folder = await temporaryDirectory();
});
afterEach(async () => {
  await Promise.all(made.splice(0).map((command) => command[Symbol.asyncDispose]()));
  await folder[Symbol.asyncDispose]();
});

const path = process.env["PATH"] ?? "";

function command(
  auth: Partial<ModelProviderAuth>,
  options: Partial<TokenCommandOptions> = {},
): TokenCommand {
  const tokenCommand = createTokenCommand({
    auth: { ...authDefaults, timeout_ms: 30_000, command: "sh", ...auth },
    folder: folder.path,
    env: { PATH: path },
    ...options,
  });
  made.push(tokenCommand);
  return tokenCommand;
}

/** A command that runs a shell script in the test's folder. */
const script = (text: string, auth: Partial<ModelProviderAuth> = {}, options = {}) =>
  command({ args: ["-c", text], ...auth }, options);

/** Prints t1, t2, … and writes a line per run into `runs`. */
const counting = "echo run >> runs; echo t$(($(wc -l < runs)))";

const runs = async () => (await readFile(folder.join("runs"), "utf8")).split("\n").length - 1;

async function failureOf(work: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it succeeded");
}

describe.skipIf(process.platform === "win32")("one run", () => {
  test("the token is standard output without the white space around it", async () => {
    expect(await script("printf '\\n  tok-1 \\r\\n\\n'").token()).toBe("tok-1");
  });

  test("arguments are handed over as they are, without a shell", async () => {
    const auth = { command: "printf", args: ["%s", "$HOME;`id`"] };
    expect(await command(auth).token()).toBe("$HOME;`id`");
  });

  test("it has the whole environment, the folder and an empty standard input", async () => {
    const text = 'cat; printf "%s:%s" "$TOKEN_PART" "$(pwd)"';
    const tokens = script(text, {}, { env: { PATH: path, TOKEN_PART: "part" } });
    expect(await tokens.token()).toBe(`part:${folder.path}`);
  });

  test("auth.cwd wins over the folder", async () => {
    await folder.write({ "sub/keep": "" });
    const cwd = folder.join("sub");
    expect(await script("pwd", { cwd }).token()).toBe(cwd);
  });

  test.each(["./tok", "bin/tok"])("%s is relative to the folder", async (program) => {
    await folder.write({ [program]: "#!/bin/sh\necho relative\n" });
    await chmod(folder.join(program), 0o755);
    expect(await command({ command: program }).token()).toBe("relative");
  });

  test("an absolute path is taken as it is, and a bare name from PATH", async () => {
    await folder.write({ "bin/acme-sso": "#!/bin/sh\necho found\n" });
    await chmod(folder.join("bin/acme-sso"), 0o755);
    const env = { PATH: `${folder.join("bin")}:${path}` };
    expect(await command({ command: "acme-sso" }, { env }).token()).toBe("found");
    expect(await command({ command: folder.join("bin/acme-sso") }).token()).toBe("found");
  });

  test("what it leaves running in the background is not waited for", async () => {
    const started = performance.now();
    expect(await script("sleep 60 & echo tok").token()).toBe("tok");
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe.skipIf(process.platform === "win32")("a failure names the command", () => {
  test.each([
    ["exit 3", "failed with exit code 3"],
    ["echo no ticket >&2; exit 1", "failed with exit code 1: no ticket"],
    ["printf 'a\\n\\033[1mb\\n' >&2; exit 1", "failed with exit code 1: a [1mb"],
    ["echo s3cret; echo got s3cret >&2; exit 1", "failed with exit code 1: got [redacted]"],
    ["kill -TERM $$", "was ended by SIGTERM"],
    ["exit 0", "printed no token on its standard output"],
    ["printf ' \\n\\t'", "printed no token on its standard output"],
    ["printf '\\377\\376'", "printed something that is not UTF-8 text"],
    ["yes", "printed more than 65536 bytes and was stopped"],
  ])("%s", async (text, fault) => {
    const error = await failureOf(script(text).token());
    expect(error.message).toBe(`the token command sh ${fault}`);
    expect(error).toMatchObject({ name: "LoginError", code: "token_command_failed" });
  });

  test("long diagnostics are cut to their end", async () => {
    const text = "i=0; while [ $i -lt 2000 ]; do echo line$i; i=$((i+1)); done >&2; exit 1";
    const { message } = await failureOf(script(text).token());
    expect(message).toMatch(/line1999$/);
    expect(message.length).toBeLessThan(2200);
  });

  test("a program that does not exist, or may not run, or whose folder does not exist", async () => {
    await folder.write({ plain: "" });
    const missing = folder.join("missing");
    expect(
      await Promise.all(
        [{ command: "no-such-program-7" }, { command: "./plain" }, { cwd: missing }].map(
          async (auth) => (await failureOf(command(auth).token())).message,
        ),
      ),
    ).toEqual([
      "the token command no-such-program-7 could not be started: there is no such program",
      "the token command ./plain could not be started: it may not be executed",
      `the token command sh could not be started: its folder ${missing} does not exist`,
    ]);
  });

  test("an argument that no program can get is not repeated", async () => {
    const error = await failureOf(command({ args: ["--key=sk-leak\0"] }).token());
    expect(error.message).toBe(
      "the token command sh could not be started: its name or one of its arguments is not valid",
    );
    expect(inspect(error, { depth: 10 })).not.toContain("sk-leak");
  });

  test.each(["printf 'two\\nlines'", "printf 'two words'", "printf 'bell\\007'"])(
    "%s is no token, and is not repeated",
    async (text) => {
      const error = await failureOf(script(text).token());
      expect(error).toMatchObject({ code: "invalid_token" });
      expect(error.message).toMatch(/^what the token command sh printed holds white space/);
      expect(error.message).not.toMatch(/two|lines|bell/);
    },
  );
});

describe.skipIf(process.platform === "win32")(
  "a run that is cut short ends with its children",
  () => {
    const endless = "sleep 300 & echo $! > child; echo $$ > leader; wait";
    const pidIn = async (name: string) => Number(await readFile(folder.join(name), "utf8"));
    const started = async () =>
      await waitFor(async () => (await pidIn("leader").catch(() => 0)) > 0, {
        describe: "the command has started",
      });
    const ended = async () => {
      for (const name of ["leader", "child"]) {
        const pid = await pidIn(name);
        await waitFor(() => !isAlive(pid), { describe: `${name} has ended` });
      }
    };

    test("by the timeout", async () => {
      const error = await failureOf(script(endless, { timeout_ms: 1500 }).token());
      expect(error.message).toBe(
        "the token command sh did not finish within 1500 ms and was stopped",
      );
      await ended();
    });

    test("by the signal of its only caller", async () => {
      const abort = new AbortController();
      const failure = failureOf(script(endless).token(abort.signal));
      await started();
      abort.abort(new Error("turn interrupted"));
      expect((await failure).message).toBe("turn interrupted");
      await ended();
    });

    test("by disposal", async () => {
      const tokens = script(endless);
      const failure = failureOf(tokens.token());
      await started();
      await tokens[Symbol.asyncDispose]();
      expect((await failure).name).toBe("AbortError");
      await ended();
    });

    test("not by one caller of two", async () => {
      const tokens = script("while [ ! -e go ]; do sleep 0.05; done; echo tok; echo > leader");
      const abort = new AbortController();
      const impatient = failureOf(tokens.token(abort.signal));
      const patient = tokens.token();
      abort.abort(new Error("turn interrupted"));
      expect((await impatient).message).toBe("turn interrupted");
      await folder.write({ go: "" });
      expect(await patient).toBe("tok");
    });

    test("a signal that is aborted already starts nothing", async () => {
      await failureOf(script(counting).token(AbortSignal.abort()));
      await expect(runs()).rejects.toMatchObject({ code: "ENOENT" });
    });
  },
);

describe.skipIf(process.platform === "win32")("reuse", () => {
  test("parallel callers share one run", async () => {
    const tokens = script(counting);
    const results = await Promise.all(Array.from({ length: 20 }, () => tokens.token()));
    expect([new Set(results), await runs()]).toEqual([new Set(["t1"]), 1]);
  });

  test("a token is reused while it is younger than the interval, from the end of its run", async () => {
    let clock = 0;
    const tokens = script(counting, { refresh_interval_ms: 1000 }, { monotonicNow: () => clock });
    expect(await tokens.token()).toBe("t1");
    clock = 999;
    expect(await tokens.token()).toBe("t1");
    clock = 1000;
    expect(await tokens.token()).toBe("t2");
    clock = 1999;
    expect(await tokens.token()).toBe("t2");
  });

  test("an interval of 0 never ends by age", async () => {
    let clock = 0;
    const tokens = script(counting, { refresh_interval_ms: 0 }, { monotonicNow: () => clock });
    expect(await tokens.token()).toBe("t1");
    clock = 1e12;
    expect(await tokens.token()).toBe("t1");
    expect(await tokens.renew("t1")).toBe(true);
    expect(await tokens.token()).toBe("t2");
  });

  test("a failure is not remembered", async () => {
    const tokens = script("if [ -e ok ]; then echo tok; else : > ok; exit 1; fi");
    expect(await failureOf(tokens.token())).toMatchObject({ code: "token_command_failed" });
    expect(await tokens.token()).toBe("tok");
  });
});

describe.skipIf(process.platform === "win32")("renewal of a refused token", () => {
  test("parallel renewals share one run", async () => {
    const tokens = script(counting);
    await tokens.token();
    const results = await Promise.all(Array.from({ length: 20 }, () => tokens.renew("t1")));
    expect([new Set(results), await runs()]).toEqual([new Set([true]), 2]);
  });

  test("a newer token than the refused one needs no run", async () => {
    const tokens = script(counting);
    await tokens.token();
    expect([await tokens.renew("t0"), await runs()]).toEqual([true, 1]);
  });

  test("a command that prints the refused token again has nothing to offer", async () => {
    const tokens = script("echo same");
    await tokens.token();
    expect(await tokens.renew("same")).toBe(false);
  });

  test("a renewed token that is refused within a minute is not renewed again, later it is", async () => {
    let clock = 0;
    const tokens = script(counting, { refresh_interval_ms: 0 }, { monotonicNow: () => clock });
    await tokens.token();
    expect(await tokens.renew("t1")).toBe(true);
    clock = 59_999;
    expect([await tokens.renew("t2"), await runs()]).toEqual([false, 2]);
    clock = 60_000;
    expect([await tokens.renew("t2"), await runs()]).toEqual([true, 3]);
  });

  test("a failing command fails the renewal, and the refused token is not used again", async () => {
    const tokens = script("echo run >> runs; [ $(wc -l < runs) -ne 2 ] && echo t$(wc -l < runs)");
    expect(await tokens.token()).toBe("t1");
    expect(await failureOf(tokens.renew("t1"))).toMatchObject({ code: "token_command_failed" });
    expect(await tokens.token()).toBe("t3");
  });
});

test.each([
  ["token.ps1", "powershell"],
  ["C:\\bin\\token.CMD", "cmd"],
  ["token.bat", "cmd"],
])("on Windows, %s needs its interpreter %s", async (program, interpreter) => {
  const { message } = await failureOf(command({ command: program }, { platform: "win32" }).token());
  expect(message).toContain(`the token command ${program} is a script`);
  expect(message).toContain(`command = "${interpreter}"`);
});
