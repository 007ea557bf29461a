// A small process that outlives this one by a moment: when this one is killed without a chance to clean
// up, it kills the commands that are still running.
import { closeSync, writeSync } from "node:fs";

export interface Watchdog extends AsyncDisposable {
  /** Starts it ahead of need. Never rejects. */
  start(): Promise<void>;
  /** Has the group and session that `pid` leads killed when this process ends. */
  guard(pid: number): void;
  /** The group has ended. */
  release(pid: number): void;
}

export interface WatchdogOptions {
  /**
   * Starts a shell that runs `script`, does not keep this process alive and is not seen again. Gives the
   * writing end of a pipe that is its standard input; nobody else may hold that end.
   */
  readonly startShell: (script: string) => Promise<number>;
}

/**
 * Reads `+PID` and `-PID`, one a line; the end of its input is the end of this process. The shell that
 * is started goes away at once and leaves that work to a child, which is then nobody's to wait for.
 */
const script = `
watch() {
  guarded=' '
  while read -r line; do
    pid=\${line#[+-]}
    case $line in
      +*) guarded="$guarded$pid " ;;
      -*) guarded="\${guarded%% $pid *} \${guarded#* $pid }" ;;
    esac
  done
  for pid in $guarded; do kill -KILL -- "-$pid"; done
  [ "$guarded" = ' ' ] && exit
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    # After the program's name, which may hold anything: state, parent, group, session.
    set -- \${line##*) }
    case $guarded in
      *" $4 "*) stat=\${stat#/proc/}; kill -KILL "\${stat%/stat}" ;;
    esac
  done
}
trap '' HUP INT QUIT TERM
exec 3<&0
watch <&3 3<&- &
`;

export function createWatchdog({ startShell }: WatchdogOptions): Watchdog {
  const guarded = new Set<number>();
  let input: number | null = null;
  let starting: Promise<void> | null = null;
  let disposed = false;

  const letGo = (): void => {
    if (input !== null) closeSync(input);
    input = null;
    starting = null;
  };
  const tell = (lines: readonly string[]): void => {
    if (input === null) return;
    try {
      writeSync(input, lines.map((line) => `${line}\n`).join(""));
    } catch {
      // Somebody has ended it: the next command gets a new one.
      letGo();
    }
  };
  const start = (): Promise<void> => {
    starting ??= (async () => {
      try {
        input = await startShell(script);
      } catch {
        // A machine without a shell has no watchdog, and hardly a command to guard.
        return;
      }
      if (disposed) letGo();
      else tell([...guarded].map((pid) => `+${pid}`));
    })();
    return starting;
  };

  return {
    start,
    guard(pid) {
      guarded.add(pid);
      tell([`+${pid}`]);
      if (input === null && !disposed) void start();
    },
    release(pid) {
      if (guarded.delete(pid)) tell([`-${pid}`]);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await starting;
      letGo();
    },
  };
}
