// What loading the settings costs: four layers, the person's file of 300 lines.
import { mkdir, writeFile } from "node:fs/promises";
import nodePath from "node:path";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { loadConfig } from "../src/index.ts";

/** A file as it grows over the years: settings, servers, profiles, trusted projects, comments. */
function usualFile(project: string): string {
  const lines = [
    "# my settings",
    'model = "gpt-5.2-codex" # the good one',
    'approval_policy = "on-request"',
    'sandbox_mode = "workspace-write"',
    'notify = ["notify-send", "codex"]',
    `[projects.${JSON.stringify(project)}]`,
    'trust_level = "trusted"',
    "[features]",
    "unified_exec = true",
    "shell_snapshot = false",
  ];
  for (let n = 0; lines.length < 290; n += 1) {
    lines.push(
      "",
      `# server ${n}`,
      `[mcp_servers.server-${n}]`,
      `command = "server-${n}"`,
      `args = ["--port", "${4000 + n}", '--verbose']`,
      `env = { LEVEL = "info", NUMBER = "${n}" }`,
      "startup_timeout_sec = 12.5",
      `[profiles.profile-${n}]`,
      `model = "model-${n}"`,
      'model_reasoning_effort = "high"',
      `[projects."/home/kim/project-${n}"]`,
      'trust_level = "untrusted"',
    );
  }
  while (lines.length < 300) lines.push("# the end");
  return `${lines.join("\n")}\n`;
}

export const benchmark = {
  name: "config",
  question: "Are four layers, one of them of 300 lines, loaded in 5 ms at most?",
  rounds: 60,
  async subjects({ scratch }: { readonly scratch: string }) {
    const home = nodePath.join(scratch, "home");
    const machine = nodePath.join(scratch, "etc");
    const project = nodePath.join(scratch, "project");
    const folders = [
      home,
      machine,
      nodePath.join(project, ".codex"),
      nodePath.join(project, ".git"),
    ];
    for (const folder of folders) await mkdir(folder, { recursive: true });
    await writeFile(nodePath.join(machine, "config.toml"), 'web_search = "cached"\n');
    await writeFile(nodePath.join(machine, "managed_config.toml"), 'model_verbosity = "low"\n');
    await writeFile(nodePath.join(home, "config.toml"), usualFile(project));
    await writeFile(nodePath.join(project, ".codex/config.toml"), 'personality = "none"\n');
    const options = {
      codexHome: fromAbsolute(home),
      cwd: fromAbsolute(project),
      systemFolder: fromAbsolute(machine),
      env: {},
      version: "0.0.0",
    };
    return [
      { name: "load", run: () => loadConfig(options) },
      {
        name: "load with -c and a profile",
        run: () =>
          loadConfig({ ...options, overrides: { cli: ["model=x"], profile: "profile-3" } }),
      },
      { name: "load and all origins", run: async () => (await loadConfig(options)).origins() },
    ];
  },
};
