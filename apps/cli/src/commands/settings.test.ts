// config, features and mcp, as a person runs them.
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { respond } from "@codex-ts/scripted-model";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildTimeoutMs, builtCli } from "../testing/built-cli.ts";
import { type CliWorld, cliWorld } from "../testing/cli.ts";

beforeAll(builtCli, buildTimeoutMs);
// Many short runs, one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

interface Home {
  readonly world: CliWorld;
  readonly file: string;
  /** Runs a command; its exit code, its stdout and its stderr. */
  readonly said: (...args: readonly string[]) => Promise<readonly unknown[]>;
  readonly text: () => Promise<string>;
}

async function home(toml: string): Promise<Home & AsyncDisposable> {
  const world = await cliWorld({ script: [respond([])] });
  const file = nodePath.join(world.home, "config.toml");
  await writeFile(file, toml);
  return {
    world,
    file,
    async said(...args) {
      const { code, stdout, stderr } = await world.run(args);
      return [code, stdout, stderr];
    },
    text: () => readFile(file, "utf8"),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

describe("config", () => {
  test("path, show and check say what there is", async () => {
    await using at = await home('model = "a" # mine\nmodle = 1\n');
    expect(await at.said("config", "path")).toEqual([0, `${at.file}\n`, ""]);
    const warning = `${at.file}:2:1: \`modle\` is not a known key; did you mean \`model\`?`;
    const [code, stdout, stderr] = await at.said("config", "show", "--origins", "-m", "b");
    expect([code, stderr]).toEqual([0, `warning: ${warning}\n`]);
    expect(stdout).toContain('model = "b" # command line\n');
    const { stdout: json } = await at.world.run(["config", "show", "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      config: { model: "a" },
      origins: { model: { file: at.file, line: 1, column: 9 } },
    });
    const found = warning.replace(":1: ", ":1: warning: ");
    expect(await at.said("config", "check")).toEqual([0, `${found}\n`, ""]);
    expect((await at.said("config", "check", "--strict-config"))[0]).toBe(1);
  });

  test("check shows every fault of a file with its line, as text and as JSON", async () => {
    await using at = await home("");
    const file = nodePath.join(at.world.repository, "other.toml");
    await writeFile(file, 'model = 5\nweb_search = "on"\n');
    expect(await at.said("config", "check", "other.toml")).toEqual([
      1,
      `${file}:1:9: \`model\` must be a string, not 5
  |
1 | model = 5
  |         ^
${file}:2:14: \`web_search\` must be one of "disabled", "cached", "live", not "on"
  |
2 | web_search = "on"
  |              ^^^^
`,
      "",
    ]);
    const { stdout } = await at.world.run(["config", "check", "--json", file]);
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      ok: false,
      errors: [{ key: "model", line: 1, column: 9 }, { key: "web_search" }],
      warnings: [],
    });
    expect((await at.said("config", "check", "none.toml"))[0]).toBe(1);
  });

  test("schema is the published one", async () => {
    await using at = await home("");
    const [, stdout] = await at.said("config", "schema");
    const published = new URL("../../../../packages/config/config.schema.json", import.meta.url);
    expect(JSON.parse(String(stdout))).toEqual(JSON.parse(await readFile(published, "utf8")));
  });

  test("set and unset change their lines and no other", async () => {
    await using at = await home("# mine\nmodel = 'a' # good\n\n# why\n[tui]\ntheme = 'x'\n");
    expect(
      await at.said("config", "set", "model=gpt", "tui.animations=false", 'notify=["a"]'),
    ).toEqual([
      0,
      `Set model in ${at.file}\nSet tui.animations in ${at.file}\nSet notify in ${at.file}\n`,
      "",
    ]);
    expect(await at.text()).toBe(
      '# mine\nmodel = "gpt" # good\nnotify = ["a"]\n\n# why\n[tui]\ntheme = \'x\'\nanimations = false\n',
    );
    await at.said("config", "unset", "notify", "tui.animations");
    expect(await at.text()).toBe("# mine\nmodel = \"gpt\" # good\n\n# why\n[tui]\ntheme = 'x'\n");
    expect(await at.said("config", "unset", "nothing")).toEqual([
      0,
      `${at.file} does not set nothing\n`,
      "",
    ]);
  });

  test("the model goes into the active profile, other keys where -p says", async () => {
    await using at = await home('profile = "p"\n[profiles.p]\nmodel = "a"\n');
    await at.said("config", "set", "model=b", "sandbox_mode=read-only");
    await at.said("config", "set", "-p", "q", "web_search=live");
    expect(await at.text()).toBe(
      'profile = "p"\nsandbox_mode = "read-only"\n[profiles.p]\nmodel = "b"\n\n[profiles.q]\nweb_search = "live"\n',
    );
    const refused = await at.said("config", "set", "-p", "q", "notify=[]");
    expect(refused).toEqual([1, "", expect.stringContaining("cannot stand in a profile")]);
  });

  test("a value that the key does not allow is refused, and the file stays", async () => {
    await using at = await home("model = 'a'\n");
    expect(await at.said("config", "set", "web_search=on")).toEqual([
      1,
      "",
      `Error: \`web_search\` must be one of "disabled", "cached", "live", not "on"; ${at.file} was not changed\n`,
    ]);
    expect(await at.text()).toBe("model = 'a'\n");
  });

  test("a key that another layer decides, and one that nobody knows, are remarked", async () => {
    await using at = await home("");
    const project = nodePath.join(at.world.repository, ".codex");
    await mkdir(project);
    await writeFile(nodePath.join(project, "config.toml"), 'web_search = "live"\n');
    await at.said("config", "trust");
    const [, , stderr] = await at.said("config", "set", "web_search=cached", "modle=x");
    expect(stderr).toBe(
      `note: here web_search is what ${await realpath(project)}/config.toml:1:14 says\nwarning: \`modle\` is not a known key; did you mean \`model\`?\n`,
    );
  });

  test("trust makes a project's settings count, and can be taken back", async () => {
    await using at = await home("model = 'a' # kept\n");
    const root = await realpath(at.world.repository);
    await mkdir(nodePath.join(root, ".codex"));
    await mkdir(nodePath.join(root, "sub"));
    await writeFile(nodePath.join(root, ".codex/config.toml"), "model = 'theirs'\n");
    const model = async () => {
      const { stdout, stderr } = await at.world.run(["config", "show", "--json"]);
      const { config, warnings } = JSON.parse(stdout) as {
        config: { model: string };
        warnings: string[];
      };
      expect(stderr).toBe("");
      return [config.model, warnings.length];
    };
    expect(await model()).toEqual(["a", 1]);
    expect(await at.said("config", "trust", "sub")).toEqual([
      0,
      `Marked ${root} as trusted in ${at.file}\n`,
      "",
    ]);
    expect(await model()).toEqual(["theirs", 0]);
    await at.said("config", "trust", "--untrusted");
    expect(await at.text()).toBe(
      `model = 'a' # kept\n\n[projects."${root}"]\ntrust_level = "untrusted"\n`,
    );
    expect(await model()).toEqual(["a", 1]);
    await at.said("config", "trust", "--forget");
    expect(await at.text()).toBe("model = 'a' # kept\n");
  });

  test("--strict-config refuses a run with a key that nobody knows", async () => {
    await using at = await home("modle = 1\n");
    const [code, , stderr] = await at.said("exec", "--strict-config", "hi");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("`modle` is not a known key; did you mean `model`?"),
    ]);
  });
});

describe("features", () => {
  test("enable and disable write one line, by the feature's own name", async () => {
    await using at = await home("# mine\n[features]\ncollab = false # older\n");
    expect(await at.said("features", "enable", "unified_exec")).toEqual([
      0,
      "Enabled feature `unified_exec` in config.toml.\n",
      "",
    ]);
    const [, , note] = await at.said("features", "disable", "collab");
    expect(note).toContain("`collab` is an older name of `multi_agent`");
    expect(await at.text()).toBe("# mine\n[features]\nunified_exec = true\nmulti_agent = false\n");
  });

  test("what is off anyway is switched off by removing its line; in a profile it is written", async () => {
    await using at = await home(
      "model = 'a'\n[features]\nundo = true\n[profiles.p]\nmodel = 'b'\n",
    );
    await at.said("features", "disable", "undo");
    expect(await at.text()).toBe("model = 'a'\n[profiles.p]\nmodel = 'b'\n");
    await at.said("features", "disable", "undo", "-p", "p");
    expect(await at.text()).toBe(
      "model = 'a'\n[profiles.p]\nmodel = 'b'\n\n[profiles.p.features]\nundo = false\n",
    );
  });

  test("an unfinished feature is warned of unless that is switched off; an unknown one is refused", async () => {
    await using at = await home("");
    const [code, stdout, stderr] = await at.said("features", "enable", "runtime_metrics");
    expect([code, stdout]).toEqual([0, "Enabled feature `runtime_metrics` in config.toml.\n"]);
    expect(stderr).toMatch(/^Under-development features enabled: runtime_metrics\./);
    await at.said("config", "set", "suppress_unstable_features_warning=true");
    expect((await at.said("features", "enable", "runtime_metrics"))[2]).not.toContain("Under-dev");
    expect(await at.said("features", "enable", "udno")).toEqual([
      1,
      "",
      "Error: Unknown feature flag: udno (did you mean undo?)\n",
    ]);
  });

  test("list --json has the whole registry; -c, --enable and --disable count in their order", async () => {
    await using at = await home("");
    const undo = async (...flags: readonly string[]) => {
      const { stdout } = await at.world.run(["features", "list", "--json", ...flags]);
      const rows = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
      return rows.find(({ name }) => name === "undo");
    };
    expect(await undo()).toMatchObject({ stage: "stable", enabled: false, default_enabled: false });
    expect(await undo("--disable", "undo", "-c", "features.undo=true")).toMatchObject({
      enabled: true,
    });
    expect(await undo("-c", "features.undo=true", "--disable", "undo")).toMatchObject({
      enabled: false,
    });
  });
});

describe("mcp", () => {
  test("add keeps everything else in the file, and so does remove", async () => {
    const before =
      "# mine\n[mcp_servers.a] # tool\ncommand = 'x'\nlater_key = 1 # unknown\n\n[tui]\ntheme = 'x'\n";
    await using at = await home(before);
    const [code, stdout] = await at.said(
      ..."mcp add docs --env FOO=bar --env ALPHA=b=c -- echo hello -v".split(" "),
    );
    expect([code, stdout]).toEqual([0, "Added global MCP server 'docs'.\n"]);
    expect(await at.text()).toBe(
      before.replace(
        "\n[tui]",
        '\n[mcp_servers.docs]\ncommand = "echo"\nargs = ["hello", "-v"]\n\n[mcp_servers.docs.env]\nALPHA = "b=c"\nFOO = "bar"\n\n[tui]',
      ),
    );
    expect((await at.said("mcp", "remove", "docs"))[1]).toBe("Removed global MCP server 'docs'.\n");
    expect(await at.text()).toBe(before);
    expect(await at.said("mcp", "remove", "docs")).toEqual([
      0,
      "No MCP server named 'docs' found.\n",
      "",
    ]);
  });

  test("list and get, as text and as JSON", async () => {
    await using at = await home(
      `[mcp_servers.docs]
command = "docs-server"
args = ["--port", "4000"]
env = { TOKEN = "secret" }
env_vars = ["APP_TOKEN"]
[mcp_servers.off]
command = "x"
enabled = false
[mcp_servers.web]
url = "https://example.com/mcp"
bearer_token_env_var = "T"
startup_timeout_sec = 12.5
`,
    );
    expect((await at.said("mcp", "list"))[1]).toBe(
      `Name  Command      Args         Env                           Cwd  Status    Auth
docs  docs-server  --port 4000  TOKEN=*****, APP_TOKEN=*****  -    enabled   Unsupported
off   x            -            -                             -    disabled  Unsupported

Name  Url                      Bearer Token Env Var  Status   Auth
web   https://example.com/mcp  T                     enabled  Bearer token
`,
    );
    const list = await at.world.run(["mcp", "list", "--json"]);
    expect((JSON.parse(list.stdout) as unknown[])[0]).toEqual({
      name: "docs",
      enabled: true,
      disabled_reason: null,
      transport: {
        type: "stdio",
        command: "docs-server",
        args: ["--port", "4000"],
        env: { TOKEN: "secret" },
        env_vars: ["APP_TOKEN"],
        cwd: null,
      },
      startup_timeout_sec: null,
      tool_timeout_sec: null,
      auth_status: "unsupported",
    });
    expect((await at.said("mcp", "get", "off"))[1]).toBe("off (disabled)\n");
    expect((await at.said("mcp", "get", "web"))[1]).toBe(`web
  enabled: true
  transport: streamable_http
  url: https://example.com/mcp
  bearer_token_env_var: T
  http_headers: -
  env_http_headers: -
  startup_timeout_sec: 12.5
  remove: codex-ts mcp remove web
`);
    const get = await at.world.run(["mcp", "get", "web", "--json"]);
    expect(JSON.parse(get.stdout)).toMatchObject({
      name: "web",
      startup_timeout_sec: 12.5,
      enabled_tools: null,
    });
    expect((await at.said("mcp", "get", "none"))[0]).toBe(1);
  });

  test("a name that tools could not be called by is refused", async () => {
    await using at = await home("model = 'a'\n");
    expect(await at.said("mcp", "add", "x y", "--", "cmd")).toEqual([
      1,
      "",
      "Error: invalid server name 'x y' (use letters, numbers, '-', '_')\n",
    ]);
    expect(await at.text()).toBe("model = 'a'\n");
  });
});
