// sandbox, sandbox probe and sandbox check, as a person runs them.
import { existsSync } from "node:fs";
import nodePath from "node:path";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

// Each test starts the program several times.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(builtCli, buildTimeoutMs);

const open = (): Promise<CliWorld> => cliWorld({ script: [respond([message("ok")])] });

describe.skipIf(process.platform !== "linux")("a command in the sandbox", () => {
  test("has our streams and gives its own exit code", async () => {
    await using world = await open();
    const answers = async (...words: readonly string[]) => {
      const { code, stdout, stderr } = await world.run(["sandbox", ...words], { stdin: "given\n" });
      return [code, stdout, stderr];
    };
    expect(await answers("--", "sh", "-c", "cat; echo told >&2; exit 37")).toEqual([
      37,
      "given\n",
      "told\n",
    ]);
    expect((await answers("linux", "--", "sh", "-c", "kill -9 $$"))[0]).toBe(137);
    expect(await answers("landlock", "sh", "-c", 'echo "$0" "$@"', "-a", "--json")).toEqual([
      0,
      "-a --json\n",
      "",
    ]);
  });

  test("reads everything and writes nothing, unless it may write to the folder", async () => {
    await using world = await open();
    const write = ["sh", "-c", "echo x > made; test -e made && echo written"];
    expect((await world.run(["sandbox", "--", ...write])).stdout).toBe("");
    expect((await world.run(["sandbox", "--full-auto", "--", ...write])).stdout).toBe("written\n");
    // The command line's own mode counts, not the configuration's.
    const full = await world.run([
      "-c",
      'sandbox_mode="danger-full-access"',
      "sandbox",
      "--",
      "sh",
      "-c",
      "echo x > more",
    ]);
    expect(full.code).not.toBe(0);
    expect(existsSync(nodePath.join(world.repository, "more"))).toBe(false);
  });

  test("reads nothing that is denied, by path or by pattern", async () => {
    await using world = await open();
    const run = await world.run([
      "sandbox",
      "--deny-read",
      "**/a.txt",
      "--deny-read",
      "closed",
      "--",
      "sh",
      "-c",
      "cat a.txt; mkdir -p /tmp/x 2>/dev/null; ls > /dev/null && echo listed",
    ]);
    expect([run.code, run.stdout]).toEqual([0, "listed\n"]);
    expect(run.stderr).toContain("a.txt: Permission denied");
  });

  test("is confined by the permission profile that the settings choose", async () => {
    await using world = await cliWorld({
      script: [
        respond([
          functionCall({
            name: "exec_command",
            args: { cmd: "cat a.txt; cat b.txt; echo x > made && echo written" },
            callId: "c1",
          }),
        ]),
        respond([message("done")]),
      ],
      config: 'default_permissions = "team"',
      tables: `[permissions.team.filesystem]
":root" = "read"
[permissions.team.filesystem.":project_roots"]
"." = "write"
"**/a.txt" = "none"`,
      files: { "a.txt": "secret\n", "b.txt": "open\n" },
    });
    const run = await world.run([
      "sandbox",
      "--",
      "sh",
      "-c",
      "cat b.txt a.txt; echo x > made && echo written",
    ]);
    expect([run.code, run.stdout]).toEqual([0, "open\nwritten\n"]);
    expect(run.stderr).toContain("a.txt: Permission denied");
    const fullAuto = await world.run(["sandbox", "--full-auto", "--", "true"]);
    expect([fullAuto.code, fullAuto.stderr]).toEqual([
      1,
      "Error: --full-auto does not go together with the permission profile `team` of `default_permissions`; leave it out, or give -c sandbox_mode=workspace-write\n",
    ]);
    const why = await world.run(["why", "--json", "--", "ls"]);
    expect(JSON.parse(why.stdout)).toMatchObject({
      steps: expect.arrayContaining([
        expect.objectContaining({ layer: "sandbox_policy", rule: "team", line: 3 }),
      ]) as unknown,
    });

    const exec = await world.run(["exec", "read the files"]);
    expect([exec.code, exec.stderr]).toEqual([
      0,
      expect.stringContaining("permissions: team\n") as string,
    ]);
    const answer = JSON.stringify(world.model.requests[1]?.input.at(-1));
    expect(answer).toMatch(/open.*written/s);
    expect(answer).not.toContain("secret");
  });

  test("what cannot be run is told with the way out", async () => {
    await using world = await open();
    const said = async (...words: readonly string[]) => {
      const { code, stderr } = await world.run(["sandbox", ...words]);
      return [code, stderr];
    };
    expect(await said()).toEqual([
      2,
      "Error: give a command to run: codex-ts sandbox -- COMMAND\n",
    ]);
    expect((await said("--", "no-such-program"))[0]).toBe(127);
    expect(await said("macos", "--", "true")).toEqual([
      1,
      'Error: this sandbox is only available on macOS; leave out "macos" to use what this machine has\n',
    ]);
    expect((await said("windows", "--", "true"))[1]).toContain("there is no sandbox for Windows");
    expect((await said("--require", "everything", "--", "true"))[1]).toContain(
      "everything is none of file_writes, file_attributes",
    );
    const [code, reason] = await said("--require", "network,local-ipc", "--", "true");
    expect([code, reason]).toEqual([
      1,
      expect.stringContaining("not enforced on this machine") as string,
    ]);
    expect(await said("--require", "network,local-ipc", "--isolate-ipc", "--", "true")).toEqual([
      0,
      "",
    ]);
  });

  test("the Landlock thread is used where the settings ask for it", async () => {
    await using world = await open();
    const run = await world.run([
      "sandbox",
      "--enable",
      "use_legacy_landlock",
      "--",
      "sh",
      "-c",
      "echo x > made",
    ]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain("Warning: the settings ask for Landlock instead of bubblewrap");
  });
});

describe.skipIf(process.platform !== "linux")("the sandbox tells", () => {
  test("what it enforces, as text and as JSON", async () => {
    await using world = await open();
    const text = await world.run(["sandbox", "probe"]);
    expect(text.stdout).toMatch(
      /^Sandbox: (bubblewrap|a Landlock thread)\n {2}writes +enforced {2}/,
    );
    const json = await world.run(["sandbox", "probe", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      aspects: { file_writes: { enforced: true }, network: { enforced: true } },
    });
    const bare = await world.run(["sandbox", "probe", "--json"], { env: { PATH: "/nonexistent" } });
    expect(JSON.parse(bare.stdout)).toMatchObject({ step: "landlock" });
  });

  test("that every way out is stopped or declared, after trying them", async () => {
    await using world = await open();
    const check = await world.run(["sandbox", "check"]);
    expect([check.code, check.stderr]).toEqual([0, ""]);
    expect(check.stdout).toMatch(
      /^Sandbox: bubblewrap\n[^]*\d+ ways out stopped, \d+ open as the report says, 0 open although it does not; \d+ errands done, 0 broken/,
    );
  });
});
