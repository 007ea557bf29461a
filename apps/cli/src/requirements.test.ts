// What an administrator requires on a machine, met by a whole run of the command line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { functionCall, message, respond } from "@codex-ts/scripted-model";
import { expect, test } from "vitest";
import { cliWorld, type CliWorld } from "./testing/cli.ts";

const REQUIREMENTS = `
[[rules.prefix_rules]]
pattern = [{ token = "wipe" }, { any_of = ["all", "most"] }]
decision = "forbidden"
justification = "nothing is wiped here"
`;

/** Runs the command line on a machine with this `requirements.toml`. */
async function runOnMachine(world: CliWorld, requirements: string, args: readonly string[]) {
  const etc = join(world.home, "etc");
  await mkdir(join(etc, "codex"), { recursive: true });
  await Promise.all(["passwd", "group"].map((name) => copyFile(`/etc/${name}`, join(etc, name))));
  await writeFile(join(etc, "codex/requirements.toml"), requirements);
  const child = spawn(
    "bwrap",
    ["--dev-bind", "/", "/", "--bind", etc, "/etc", process.execPath, world.cli.entry, ...args],
    { cwd: world.repository, env: world.env, stdio: ["ignore", "pipe", "pipe"] },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

test("a required rule holds in exec and is named by why, whatever the person's own rules allow", async () => {
  await using world = await cliWorld({
    script: [
      respond([functionCall({ name: "exec_command", args: { cmd: "wipe all" }, callId: "c1" })]),
      respond([functionCall({ name: "exec_command", args: { cmd: "wipe one" }, callId: "c2" })]),
      respond([message("ok")]),
    ],
  });
  await mkdir(join(world.home, "rules"));
  const own = 'prefix_rule(["wipe"])\nhost_executable("wipe", [])\n';
  await writeFile(join(world.home, "rules/own.rules"), own);

  const why = await runOnMachine(world, REQUIREMENTS, ["why", "--json", "--", "wipe", "all"]);
  expect(JSON.parse(why.stdout)).toMatchObject({
    outcome: "forbidden",
    decidedBy: [
      {
        layer: "rules",
        rule: '["wipe", ["all", "most"]]',
        file: "/etc/codex/requirements.toml",
        line: 2,
        text: "nothing is wiped here",
      },
    ],
  });

  const exec = ["exec", "--sandbox", "danger-full-access", "go"];
  expect(await runOnMachine(world, REQUIREMENTS, exec)).toMatchObject({ code: 0, stdout: "ok\n" });
  const outputs = world.model.requests
    .at(-1)
    ?.input.flatMap((item) => (item.type === "function_call_output" ? [item.output] : []));
  expect(outputs).toEqual([
    expect.stringContaining(
      "'wipe all'` rejected: nothing is wiped here (/etc/codex/requirements.toml:2)",
    ),
    expect.stringContaining("Process exited with code 127"),
  ]);
});

test("required rules that cannot be understood stop the run", async () => {
  await using world = await cliWorld({ script: [respond([message("never asked for")])] });
  const loose = REQUIREMENTS.replace('"forbidden"', '"allow"');
  const { code, stderr } = await runOnMachine(world, loose, ["why", "--", "ls"]);
  expect([code, stderr]).toEqual([
    1,
    'Error: /etc/codex/requirements.toml:2: `rules.prefix_rules[0].decision` cannot be "allow": required rules only tighten\n',
  ]);
});
