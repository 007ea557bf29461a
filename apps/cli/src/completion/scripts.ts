// Completion scripts. They hold no word of the grammar: at each press of the key they ask the program.
import type { CompletionShell } from "../program.ts";

/** The completion script of `shell`. */
export function completionScript(shell: CompletionShell): string {
  return scripts[shell];
}

const bash = `# bash completion for codex-ts: source it from ~/.bashrc, or save it as
# ~/.local/share/bash-completion/completions/codex-ts
_codex_ts() {
  local program="\${COMP_WORDS[0]/#\\~/$HOME}" current="\${COMP_WORDS[COMP_CWORD]}" line quoted
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files)
        compopt -o default 2>/dev/null
        return ;;
      :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
        return ;;
    esac
    printf -v quoted %q "\${line%%$'\\t'*}"
    COMPREPLY+=("$quoted")
  done < <("$program" completion --candidates bash "=$current" "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o nosort -F _codex_ts codex-ts 2>/dev/null || complete -F _codex_ts codex-ts
`;

const zsh = `#compdef codex-ts
# zsh completion for codex-ts: save it as _codex-ts in a folder of $fpath, or source it behind compinit.
_codex_ts() {
  local line
  local -a lines described
  lines=("\${(@f)$("\${(Q)words[1]/#\\~/$HOME}" completion --candidates zsh "=\${(Q)PREFIX}" "\${(@Q)words[2,CURRENT-1]}" 2>/dev/null)}")
  case "\${lines[1]}" in
    :files) _files; return ;;
    :folders) _files -/; return ;;
  esac
  for line in "\${lines[@]}"; do
    [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#described )) && _describe -V codex-ts described
}
if [[ "\${funcstack[1]}" == _codex-ts ]]; then
  _codex_ts "$@"
else
  compdef _codex_ts codex-ts
fi
`;

const fish = `# fish completion for codex-ts: save it as ~/.config/fish/completions/codex-ts.fish
function __codex_ts_candidates
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program (string replace -r '^~' $HOME -- $words[1])
  set -l lines ($program completion --candidates fish "=$current" $words[2..-1] 2>/dev/null)
  switch "$lines[1]"
    case :files
      __fish_complete_path $current
    case :folders
      __fish_complete_directories $current
    case '*'
      string join \\n -- $lines
  end
end
complete -c codex-ts -k -f -a '(__codex_ts_candidates)'
`;

const powershell = `# PowerShell completion for codex-ts: add it to $PROFILE.
Register-ArgumentCompleter -Native -CommandName 'codex-ts' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $program = $commandAst.CommandElements[0].ToString()
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() } })
  $lines = @(& $program completion --candidates powershell "=$wordToComplete" @words 2>$null)
  if ($lines.Count -eq 0 -or $lines[0] -eq ':files' -or $lines[0] -eq ':folders') { return }
  foreach ($line in $lines) {
    $value, $text = $line -split "\`t", 2
    if (-not $text) { $text = $value }
    $shown = if ($value -match '\\s') { "'" + $value.Replace("'", "''") + "'" } else { $value }
    [System.Management.Automation.CompletionResult]::new($shown, $value, 'ParameterValue', $text)
  }
}
`;

const elvish = `# elvish completion for codex-ts: add it to ~/.config/elvish/rc.elv
use str
set edit:completion:arg-completer[codex-ts] = {|program @words|
  var before current = $words[..-1] $words[-1]
  var lines = [((external $program) completion --candidates elvish '='$current $@before 2>/dev/null | from-lines)]
  if (or (has-value $lines :files) (has-value $lines :folders)) {
    edit:complete-filename $current
  } else {
    for line $lines {
      var value text = (str:split &max=2 "\\t" $line)
      edit:complex-candidate $value &display=$value'  '$text
    }
  }
}
`;

const scripts: Readonly<Record<CompletionShell, string>> = { bash, zsh, fish, powershell, elvish };
