// A small process that outlives this one by a moment: when this one is killed without a chance to clean
// up, it removes the empty folders that stood on the host for its commands.
import { closeSync, writeSync } from "node:fs";
import type { AbsolutePath } from "@codex-ts/absolute-path";

export interface Caretaker extends Disposable {
  /** Has `path` removed when this process ends. `notes` is the name of the folder with its notes. */
  guard(path: AbsolutePath, notes: string | null): void;
  release(path: AbsolutePath, notes: string | null): void;
  /** Commands that use the folders: they are waited for. */
  commandStarted(pid: number): void;
  commandEnded(pid: number): void;
}

export interface CaretakerOptions {
  /**
   * Starts a shell that runs `script` with `words` as its arguments, does not keep this process alive
   * and is not seen again. Gives the writing end of a pipe that is its standard input, which nobody else
   * may hold; null where that cannot be had.
   */
  readonly startShell: (script: string, words: readonly string[]) => number | null;
  /** The folder with the notes of all processes; see `MountPointsOptions`. */
  readonly registry: string | null;
  readonly pid: number;
}

/**
 * Reads one line for each change, and does its work at the end of its input, which is the end of the
 * process. Other processes may hold the same folders: whose note is there and who is alive keeps them,
 * and each takes its own note away before it looks. A process that has just been killed still counts as
 * alive for a moment, so the commands, which are killed with it, are waited for.
 */
const script = `
registry=$1 agent=$2
pause() { sleep 0.02 2>/dev/null || sleep 1; }
watch() {
  commands=' '
  set --
  while IFS= read -r line; do
    rest=\${line#?}
    case $line in
      +*) set -- "$@" "$rest" ;;
      -*)
        for entry; do
          shift
          [ "$entry" = "$rest" ] || set -- "$@" "$entry"
        done ;;
      r*) commands="$commands$rest " ;;
      e*) commands="\${commands%% $rest *} \${commands#* $rest }" ;;
    esac
  done
  [ $# = 0 ] && exit
  inside=
  for pid in $commands; do
    [ -r "/proc/$pid/task/$pid/children" ] && inside="$inside $(cat "/proc/$pid/task/$pid/children")"
  done
  looks=0
  for pid in $commands $inside; do
    while kill -0 "$pid" && [ $looks -lt 500 ]; do pause; looks=$((looks + 1)); done
  done
  pause; pause; pause
  for entry; do
    notes=\${entry%% *} path=\${entry#* } held=
    if [ "$notes" != - ]; then
      rm -f "$registry/$notes/$agent".*
      for note in "$registry/$notes"/*; do
        holder=\${note##*/}
        kill -0 "\${holder%%.*}" && held=1
      done
    fi
    [ "$held" ] && continue
    rmdir "$path"
    [ "$notes" = - ] || rm -rf "\${registry:?}/$notes"
  done
}
trap '' HUP INT QUIT TERM
exec 3<&0
watch <&3 3<&- &
`;

export function createCaretaker({ startShell, registry, pid }: CaretakerOptions): Caretaker {
  const guarded = new Set<string>();
  const commands = new Set<number>();
  let input: number | null = null;

  const letGo = (): void => {
    if (input !== null) closeSync(input);
    input = null;
  };
  const tell = (...lines: readonly string[]): void => {
    if (input === null) return;
    try {
      writeSync(input, lines.map((line) => `${line}\n`).join(""));
    } catch {
      // Somebody has ended it: the next folder gets a new one.
      letGo();
    }
  };
  const start = (): void => {
    input = startShell(script, [registry ?? "", String(pid)]);
    tell(...[...guarded].map((entry) => `+${entry}`), ...[...commands].map((one) => `r${one}`));
  };
  const entryOf = (path: AbsolutePath, notes: string | null): string => `${notes ?? "-"} ${path}`;

  return {
    guard(path, notes) {
      // A line cannot say such a name; what is left of it is swept up later.
      if (path.includes("\n")) return;
      const entry = entryOf(path, notes);
      guarded.add(entry);
      if (input === null) start();
      else tell(`+${entry}`);
    },
    release(path, notes) {
      const entry = entryOf(path, notes);
      if (guarded.delete(entry)) tell(`-${entry}`);
    },
    commandStarted(command) {
      commands.add(command);
      tell(`r${command}`);
    },
    commandEnded(command) {
      commands.delete(command);
      tell(`e${command}`);
    },
    [Symbol.dispose]: letGo,
  };
}
