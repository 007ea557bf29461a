// The grammar of the commands that look at settings and change them: config, features, mcp.
import { type Command, CommanderError } from "commander";
import { addConfigFlags, addRunFlags, collected, type ConfigFlags } from "./flags.ts";

export type SettingsInvocation =
  | {
      readonly command: "config show";
      readonly config: ConfigFlags;
      readonly json: boolean;
      readonly origins: boolean;
    }
  | { readonly command: "config path" }
  | {
      readonly command: "config check";
      readonly config: ConfigFlags;
      readonly file: string | undefined;
      readonly json: boolean;
    }
  | { readonly command: "config schema" }
  | {
      readonly command: "config set";
      readonly config: ConfigFlags;
      /** Each `key=value`. */
      readonly settings: readonly string[];
    }
  | {
      readonly command: "config unset";
      readonly config: ConfigFlags;
      readonly keys: readonly string[];
    }
  | {
      readonly command: "config trust";
      readonly config: ConfigFlags;
      readonly folder: string | undefined;
      readonly decision: "trusted" | "untrusted" | "none";
    }
  | { readonly command: "features list"; readonly config: ConfigFlags; readonly json: boolean }
  | {
      readonly command: "features switch";
      readonly config: ConfigFlags;
      readonly feature: string;
      readonly enabled: boolean;
    }
  | { readonly command: "mcp list"; readonly config: ConfigFlags; readonly json: boolean }
  | {
      readonly command: "mcp get";
      readonly config: ConfigFlags;
      readonly name: string;
      readonly json: boolean;
    }
  | {
      readonly command: "mcp add";
      readonly config: ConfigFlags;
      readonly name: string;
      readonly server: NewServer;
    }
  | { readonly command: "mcp remove"; readonly config: ConfigFlags; readonly name: string };

export type NewServer =
  | {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly url: string; readonly bearerTokenEnvVar: string | undefined };

type Choose = (invocation: SettingsInvocation) => void;

interface JsonFlag {
  readonly json?: true;
}

function wrongUsage(message: string): CommanderError {
  return new CommanderError(2, "codex-ts.usage", `Error: ${message}`);
}

export function addSettingsCommands(program: Command, config: ConfigFlags, choose: Choose): void {
  addConfigCommands(program, config, choose);
  addFeaturesCommands(program, config, choose);
  addMcpCommands(program, config, choose);
}

function addConfigCommands(program: Command, config: ConfigFlags, choose: Choose): void {
  const group = program
    .command("config")
    .description("look at the settings, check them, change them")
    .addHelpText("after", CONFIG_EXAMPLES);
  addConfigFlags(group, config);
  const show = group
    .command("show")
    .description("print every setting that is no default, without credentials")
    .option("--origins", "say for each value which file, line and column set it")
    .option("--json", "print JSON: the layers, the settings, their origins, the warnings")
    .action(({ json, origins }: JsonFlag & { readonly origins?: true }) =>
      choose({
        command: "config show",
        config,
        json: json === true,
        origins: origins === true,
      }),
    );
  addConfigFlags(show, config);
  addRunFlags(show, config);
  group
    .command("path")
    .description("print where your own config.toml is, or would be")
    .action(() => choose({ command: "config path" }));
  const check = group
    .command("check")
    .description("say everything that is wrong with a config file; exit code 1 when something is")
    .argument("[FILE]", "the file; your own config.toml by default")
    .option("--json", "print JSON")
    .action((file: string | undefined, { json }: JsonFlag) =>
      choose({ command: "config check", config, file, json: json === true }),
    );
  addConfigFlags(check, config);
  group
    .command("schema")
    .description("print the JSON Schema of config.toml, for editors")
    .action(() => choose({ command: "config schema" }));
  const set = group
    .command("set")
    .description("set values in your own config.toml; nothing else in it changes")
    .argument("<KEY=VALUE...>", "a key, and a value in TOML or a plain word")
    .action((settings: readonly string[]) => choose({ command: "config set", config, settings }));
  addConfigFlags(set, config);
  const unset = group
    .command("unset")
    .description("remove keys from your own config.toml")
    .argument("<KEY...>", "a key, such as model or features.undo")
    .action((keys: readonly string[]) => choose({ command: "config unset", config, keys }));
  addConfigFlags(unset, config);
  const trust = group
    .command("trust")
    .description("let a project's own settings, hooks and rules count")
    .argument("[DIR]", "a folder of the project; this one by default")
    .option("--untrusted", "mark it as not to be trusted")
    .option("--forget", "forget what was decided")
    .action(
      (
        folder: string | undefined,
        { untrusted, forget }: { readonly untrusted?: true; readonly forget?: true },
      ) => {
        if (untrusted === true && forget === true) {
          throw wrongUsage("--untrusted and --forget exclude each other");
        }
        const decision = untrusted === true ? "untrusted" : forget === true ? "none" : "trusted";
        choose({ command: "config trust", config, folder, decision });
      },
    );
  addConfigFlags(trust, config);
}

function addFeaturesCommands(program: Command, config: ConfigFlags, choose: Choose): void {
  const group = program.command("features").description("look at feature flags, and switch them");
  addConfigFlags(group, config);
  const list = group
    .command("list")
    .description("list every feature, its stage, and whether it is on")
    .option("--json", "print JSON, with what each one is for and whether this version has it")
    .action(({ json }: JsonFlag) =>
      choose({ command: "features list", config, json: json === true }),
    );
  addConfigFlags(list, config);
  for (const enabled of [true, false]) {
    const change = group
      .command(enabled ? "enable" : "disable")
      .description(`switch a feature ${enabled ? "on" : "off"} in your own config.toml`)
      .argument("<FEATURE>", "its name")
      .action((feature: string) =>
        choose({ command: "features switch", config, feature, enabled }),
      );
    addConfigFlags(change, config);
  }
}

interface AddFlags {
  readonly url?: string;
  readonly bearerTokenEnvVar?: string;
}

function addMcpCommands(program: Command, config: ConfigFlags, choose: Choose): void {
  const group = program.command("mcp").description("look at the MCP servers of the settings");
  addConfigFlags(group, config);
  const list = group
    .command("list")
    .description("list the servers")
    .option("--json", "print JSON; values of variables are not hidden in it")
    .action(({ json }: JsonFlag) => choose({ command: "mcp list", config, json: json === true }));
  addConfigFlags(list, config);
  const get = group
    .command("get")
    .description("print one server")
    .argument("<SERVER>", "its name")
    .option("--json", "print JSON; values of variables are not hidden in it")
    .action((name: string, { json }: JsonFlag) =>
      choose({ command: "mcp get", config, name, json: json === true }),
    );
  addConfigFlags(get, config);

  const env: string[] = [];
  const add = group
    .command("add")
    .description("add a server to your own config.toml")
    .usage("[options] <NAME> (--url <URL> | -- <COMMAND...>)")
    .argument("<NAME>", "letters, digits, - and _")
    .argument("[COMMAND...]", "the program to start and its arguments")
    .option("--url <URL>", "the address of a server that speaks streamable HTTP")
    .option("--bearer-token-env-var <NAME>", "the variable that holds its bearer token")
    .addOption(
      collected("--env <NAME=VALUE>", "a variable to set for the program; may be repeated", env),
    )
    .action((name: string, words: readonly string[], flags: AddFlags) =>
      choose({ command: "mcp add", config, name, server: newServer(words, env, flags) }),
    );
  addConfigFlags(add, config);
  const remove = group
    .command("remove")
    .description("remove a server from your own config.toml")
    .argument("<SERVER>", "its name")
    .action((name: string) => choose({ command: "mcp remove", config, name }));
  addConfigFlags(remove, config);
}

function newServer(
  [command, ...args]: readonly string[],
  env: readonly string[],
  { url, bearerTokenEnvVar }: AddFlags,
): NewServer {
  if ((command === undefined) === (url === undefined)) {
    throw wrongUsage("give either --url <URL> or, behind --, the program to start");
  }
  if (url !== undefined) {
    if (env.length > 0) throw wrongUsage("--env is for a program, and --url starts none");
    return { url, bearerTokenEnvVar };
  }
  if (bearerTokenEnvVar !== undefined) {
    throw wrongUsage("--bearer-token-env-var is for a server with --url");
  }
  const pairs = env.map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    if (equals < 0 || name === "") throw wrongUsage("--env takes NAME=VALUE");
    return [name, pair.slice(equals + 1)];
  });
  return { command: command ?? "", args, env: Object.fromEntries(pairs) };
}

const CONFIG_EXAMPLES = `
Examples:
  codex-ts config show --origins        what counts here, and where it stands
  codex-ts config check                 is my config.toml right?
  codex-ts config set model=gpt-5.2-codex sandbox_mode=workspace-write
  codex-ts config trust                 let this project's .codex folder count`;
