// Completion scripts, made from the program's own definition.
import type { Command, Option } from "commander";
import type { CompletionShell } from "../program.ts";

interface Node {
  /** The words behind the program's name: `exec resume`; empty for the program. */
  readonly path: readonly string[];
  readonly names: readonly string[];
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly children: readonly Node[];
}

interface Flag {
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly takesFile: boolean;
}

/** The completion script of `shell` for `program`. */
export function completionScript(program: Command, shell: CompletionShell): string {
  const root = nodeOf(program, []);
  switch (shell) {
    case "bash":
      return bash(root);
    case "zsh":
      return zsh(root);
    case "fish":
      return fish(root);
    case "powershell":
      return powershell(root);
    case "elvish":
      return elvish(root);
  }
}

function nodeOf(command: Command, path: readonly string[]): Node {
  return {
    path,
    names: path.length === 0 ? [command.name()] : [command.name(), ...command.aliases()],
    description: command.description(),
    flags: [
      ...command.options.filter((option) => !option.hidden).map(flagOf),
      {
        names: ["--help", "-h"],
        description: "print this help",
        takesValue: false,
        choices: [],
        takesFile: false,
      },
    ],
    children: command.commands.map((child) => nodeOf(child, [...path, child.name()])),
  };
}

function flagOf(option: Option): Flag {
  return {
    names: [option.long, option.short].filter((name) => typeof name === "string"),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    takesFile: /<(?:FILE|DIR)/.test(option.flags),
  };
}

function allNodes(node: Node): readonly Node[] {
  return [node, ...node.children.flatMap(allNodes)];
}

function wordsOf(node: Node): readonly string[] {
  return [
    ...node.children.flatMap((child) => child.names),
    ...node.flags.flatMap((flag) => flag.names),
  ];
}

function functionName(node: Node): string {
  return ["_codex_ts", ...node.path].join("_").replaceAll("-", "_");
}

function bash(root: Node): string {
  const nodes = allNodes(root);
  const steps = nodes.flatMap((node) =>
    node.children.flatMap((child) =>
      child.names.map(
        (name) =>
          `      ${JSON.stringify([...node.path, name].join(" "))}) path=${JSON.stringify(child.path.join(" "))} ;;`,
      ),
    ),
  );
  const words = nodes.map(
    (node) =>
      `    ${JSON.stringify(node.path.join(" "))}) words=${JSON.stringify(wordsOf(node).join(" "))} ;;`,
  );
  const values = uniqueFlags(nodes).flatMap((flag) => {
    if (!flag.takesValue) return [];
    const pattern = flag.names.join("|");
    if (flag.choices.length > 0) {
      return [
        `    ${pattern}) mapfile -t COMPREPLY < <(compgen -W ${JSON.stringify(flag.choices.join(" "))} -- "$current"); return ;;`,
      ];
    }
    return flag.takesFile
      ? [`    ${pattern}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;`]
      : [`    ${pattern}) return ;;`];
  });
  return `# bash completion for codex-ts: source it, or save it as a file of bash-completion.
_codex_ts() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${path:+$path }\${COMP_WORDS[index]}" in
${steps.join("\n")}
    esac
  done
  case "$previous" in
${values.join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _codex_ts codex-ts
`;
}

function uniqueFlags(nodes: readonly Node[]): readonly Flag[] {
  const byName = new Map<string, Flag>();
  for (const flag of nodes.flatMap((node) => node.flags)) {
    byName.set(flag.names.join("|"), flag);
  }
  return [...byName.values()];
}

function zshText(text: string): string {
  return text
    .replaceAll("'", "'\\''")
    .replaceAll("[", "\\[")
    .replaceAll("]", "\\]")
    .replaceAll(":", "\\:");
}

function zsh(root: Node): string {
  const functions = allNodes(root).map((node) => {
    const flags = node.flags.flatMap((flag) =>
      flag.names.map((name) => `    '${name}[${zshText(flag.description)}]${zshValue(flag)}'`),
    );
    const commands = node.children.map(
      (child) => `      '${child.names[0]}:${zshText(child.description)}'`,
    );
    const cases = node.children.map(
      (child) => `      ${child.names.join("|")}) ${functionName(child)} ;;`,
    );
    if (node.children.length === 0) {
      return `${functionName(node)}() {\n  _arguments -s \\\n${flags.join(" \\\n")} \\\n    '*:file:_files'\n}`;
    }
    return `${functionName(node)}() {
  local line state
  local -a commands
  _arguments -s -C \\
${flags.join(" \\\n")} \\
    '1: :->command' '*::argument:->rest'
  case $state in
    command)
      commands=(
${commands.join("\n")}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}`;
  });
  return `#compdef codex-ts\n# zsh completion for codex-ts: save it as _codex-ts in a folder of $fpath.\n${functions.join("\n\n")}\n\n_codex_ts "$@"\n`;
}

function zshValue(flag: Flag): string {
  if (!flag.takesValue) return "";
  if (flag.choices.length > 0) return `:value:(${flag.choices.join(" ")})`;
  return flag.takesFile ? ":file:_files" : ":value:";
}

function fish(root: Node): string {
  const lines = allNodes(root).flatMap((node) => {
    const condition =
      node.path.length === 0
        ? "__fish_use_subcommand"
        : node.path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const children = node.children.map(
      (child) =>
        `complete -c codex-ts -n '${condition}' -f -a ${child.names[0]} -d ${fishText(child.description)}`,
    );
    const flags = node.flags.map((flag) => {
      const names = flag.names.map((name) =>
        name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
      );
      let value = "";
      if (flag.choices.length > 0) value = ` -x -a ${fishText(flag.choices.join(" "))}`;
      else if (flag.takesValue) value = flag.takesFile ? " -r -F" : " -x";
      return `complete -c codex-ts -n '${condition}' ${names.join(" ")}${value} -d ${fishText(flag.description)}`;
    });
    return [...children, ...flags];
  });
  return `# fish completion for codex-ts: save it as ~/.config/fish/completions/codex-ts.fish.\n${lines.join("\n")}\n`;
}

function fishText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function powershell(root: Node): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const entries = allNodes(root).map((node) => {
    const results = [
      ...node.children.map((child) => [child.names[0] ?? "", child.description] as const),
      ...node.flags.flatMap((flag) => flag.names.map((name) => [name, flag.description] as const)),
    ].map(
      ([name, description]) =>
        `      [CompletionResult]::new(${quoted(name)}, ${quoted(name)}, [CompletionResultType]::ParameterValue, ${quoted(description === "" ? name : description)})`,
    );
    return `    ${quoted(["codex-ts", ...node.path].join(";"))} {\n${results.join("\n")}\n    }`;
  });
  return `# PowerShell completion for codex-ts: add it to $PROFILE.
using namespace System.Management.Automation
Register-ArgumentCompleter -Native -CommandName 'codex-ts' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() } | Where-Object { -not $_.StartsWith('-') -and $_ -ne $wordToComplete })
  $path = (@('codex-ts') + $words) -join ';'
  $results = @(switch ($path) {
${entries.join("\n")}
  })
  $results | Where-Object { $_.CompletionText -like "$wordToComplete*" }
}
`;
}

function elvish(root: Node): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const entries = allNodes(root).map((node) => {
    const candidates = [
      ...node.children.map((child) => [child.names[0] ?? "", child.description] as const),
      ...node.flags.flatMap((flag) => flag.names.map((name) => [name, flag.description] as const)),
    ].map(
      ([name, description]) =>
        `      edit:complex-candidate ${quoted(name)} &display=${quoted(`${name}  ${description}`)}`,
    );
    return `    &${quoted(["codex-ts", ...node.path].join(";"))}= {\n${candidates.join("\n")}\n    }`;
  });
  return `# elvish completion for codex-ts: add it to rc.elv.
use str
set edit:completion:arg-completer[codex-ts] = {|@words|
  var path = codex-ts
  for word $words[1..-1] {
    if (not (str:has-prefix $word '-')) { set path = $path';'$word }
  }
  var completions = [
${entries.join("\n")}
  ]
  if (has-key $completions $path) { $completions[$path] }
}
`;
}
