// A small process that outlives this one by a moment: when this one is killed without a chance to clean
// up, it kills the commands that are still running.
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

export interface Watchdog extends AsyncDisposable {
  /** Starts it ahead of need. */
  start(): void;
  /** Has the group and session that `pid` leads killed when this process ends. */
  guard(pid: number): void;
  /** The group has ended. */
  release(pid: number): void;
}

/** Reads `+PID` and `-PID`, one a line; the end of its input is the end of this process. */
const script = `
trap '' HUP INT QUIT TERM
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
  set -- \${line##*) }
  case $guarded in
    *" $4 "*) stat=\${stat#/proc/}; kill -KILL "\${stat%/stat}" ;;
  esac
done
`;

export function createWatchdog(): Watchdog {
  const guarded = new Set<number>();
  let dog: ChildProcess | null = null;
  let disposed = false;

  const tell = (line: string): void => {
    dog?.stdin?.write(`${line}\n`);
  };
  const start = (): void => {
    if (dog !== null || disposed) return;
    const child = spawn("/bin/sh", ["-c", script], {
      detached: true,
      env: {},
      cwd: "/",
      stdio: ["pipe", "ignore", "ignore"],
    });
    dog = child;
    const lost = (): void => {
      if (dog === child) dog = null;
    };
    child.once("error", lost);
    child.once("exit", lost);
    child.stdin?.on("error", lost);
    // It must not keep this process alive.
    child.unref();
    (child.stdin as Socket | null)?.unref();
    for (const pid of guarded) tell(`+${pid}`);
  };

  return {
    start,
    guard(pid) {
      if (dog === null) {
        guarded.add(pid);
        start();
        return;
      }
      guarded.add(pid);
      tell(`+${pid}`);
    },
    release(pid) {
      if (guarded.delete(pid)) tell(`-${pid}`);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      const child = dog;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise<void>((resolve) => {
        child.once("exit", () => resolve());
        child.once("error", () => resolve());
      });
      child.ref();
      child.stdin?.end();
      await exited;
    },
  };
}
