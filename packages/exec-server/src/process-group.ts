// Everything that a command has started, as far as it stayed in the command's group or session.
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessGroup {
  /** Sends a signal to all of it. Does nothing once it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Call when the leader has ended; tells whether others of the group still run. */
  leaderEnded(): boolean;
}

export interface ProcessGroupOptions {
  /** The leader of the group and of the session. */
  readonly pid: number;
  /** Look for the session's other groups too: a shell with job control makes one for each job. */
  readonly wholeSession: boolean;
}

/** The processes of a session; none where there is no /proc. */
function sessionMembers(session: number): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // After the program's name, which may hold anything: state, parent, group, session.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[3]) === session && fields[0] !== "Z" ? [pid] : [];
    } catch {
      return [];
    }
  });
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // Somebody of the group has changed their user: they are there, and out of reach.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export function createProcessGroup({ pid, wholeSession }: ProcessGroupOptions): ProcessGroup {
  /** From when on the number may belong to somebody else. */
  let gone = false;
  return {
    signal(signal) {
      if (gone) return;
      send(-pid, signal);
      if (!wholeSession) return;
      for (const member of sessionMembers(pid)) send(member, signal);
    },
    leaderEnded() {
      gone = !send(-pid, /*signal*/ 0) && !(wholeSession && sessionMembers(pid).length > 0);
      return !gone;
    },
  };
}
