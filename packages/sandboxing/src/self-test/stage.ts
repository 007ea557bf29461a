// The stage of the self-test: a workspace, and around it what must stay as it is.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { randomBytes } from "node:crypto";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import type { FileSystemSandboxEntry, SandboxPolicy } from "@codex-ts/protocol";
import { fromSandboxPolicy } from "../legacy-policy.ts";
import type { SandboxContext } from "../sandbox.ts";
import type { StagePolicy } from "./attempt.ts";

export interface Stage extends AsyncDisposable {
  /** Where commands start. */
  readonly workspace: AbsolutePath;
  /** What scripts know of the stage, by the names of environment variables. */
  readonly variables: Readonly<Record<string, string>>;
  context(policy: StagePolicy): SandboxContext;
  /** Puts everything into its place. */
  reset(): void;
  /** What has changed outside the workspace since the last reset, or was reached there. */
  traces(): readonly string[];
}

interface Listener {
  readonly port: number;
  close(): void;
}

/** How long a connection or a datagram that was sent takes to be seen here. */
const settleMs = 20;
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, settleMs));

async function listen(
  target: { readonly port: number; readonly host: string } | { readonly path: string },
  onConnection: () => void,
): Promise<Listener | null> {
  const server: Server = createServer((socket) => {
    onConnection();
    socket.destroy();
  });
  server.unref();
  return new Promise((resolve) => {
    // A machine without IPv6 has nothing to listen on.
    server.once("error", () => resolve(null));
    server.listen(target, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => server.close() });
    });
  });
}

async function receive(onDatagram: () => void): Promise<Listener> {
  const socket = createSocket("udp4", onDatagram);
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  socket.unref();
  return { port: socket.address().port, close: () => socket.close() };
}

/** Listens, by perl, on a Unix socket for datagrams, which Node cannot; it writes a file for each. */
async function receiveUnixDatagrams(path: string, seen: string): Promise<ChildProcess> {
  const program =
    "use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); bind($s, pack_sockaddr_un($ARGV[0])) or die; $| = 1; print qq(up\\n); while (defined recv($s, my $text, 9, 0)) { open(my $f, '>', $ARGV[1]) }";
  const child = spawn("perl", ["-e", program, path, seen], { stdio: ["ignore", "pipe", "ignore"] });
  await new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.stdout.once("data", () => resolve());
    child.once("exit", () => resolve());
  });
  return child;
}

function sharedMemory(key: number, work: "make" | "remove"): void {
  const program =
    work === "make"
      ? "defined shmget($ARGV[0], 64, 0600 | 01000) or exit 1"
      : "my $id = shmget($ARGV[0], 1, 0); shmctl($id, 0, 0) if defined $id";
  try {
    execFileSync("perl", ["-e", program, String(key)], { stdio: "ignore" });
  } catch {
    // Without it there is nothing to open: the attempt is stopped by that.
  }
}

function emptyFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) {
    rmSync(nodePath.join(path, name), { recursive: true, force: true });
  }
}

const kept: readonly string[] = ["sockets", "ws", "tree"];

/** What of the disk must not change, one line for each file. */
function fingerprint(path: string): readonly string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const facts = [path, stat.mode.toString(8), stat.uid, stat.gid];
  if (stat.isSymbolicLink()) return [[...facts, readlinkSync(path)].join(" ")];
  if (stat.isFile()) {
    return [[...facts, stat.mtimeMs, stat.nlink, readFileSync(path, "utf8")].join(" ")];
  }
  const names = stat.isDirectory() ? readdirSync(path).toSorted() : [];
  return [facts.join(" "), ...names.flatMap((name) => fingerprint(nodePath.join(path, name)))];
}

function processFacts(pid: number): string {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch {
      return "gone";
    }
  };
  const stat = read("stat");
  // State and priority; a state of waiting or running is all the same.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = "ZXTt".includes(fields[0] ?? "Z") ? fields[0] : "lives";
  return [state, fields[16], read("limits"), read("oom_score_adj")].join(" ");
}

const rootDisk = (): string => {
  const { dev } = statSync("/");
  return `${Math.floor(dev / 256)}:${dev % 256}`;
};

/** Sets up the stage in a temporary folder. */
export async function setUpStage(): Promise<Stage> {
  const base = fromAbsolute(realpathSync(mkdtempSync(nodePath.join(tmpdir(), "codex-ts-stage-"))));
  const at = (...parts: readonly string[]): AbsolutePath => join(base, ...parts);
  const mark = `codex-ts-${randomBytes(6).toString("hex")}`;
  const secret = randomBytes(12).toString("hex");
  const key = randomBytes(3).readUIntBE(0, 3) + 1;
  const workspace = at("ws");

  const met: string[] = [];
  const sockets = at("sockets");
  mkdirSync(sockets);
  const onConnection = (what: string) => () => void met.push(what);
  const datagramSeen = nodePath.join(sockets, "seen");
  const [tcp, tcp6, udp, stream, abstract, datagrams] = await Promise.all([
    listen({ port: 0, host: "127.0.0.1" }, onConnection("a TCP connection arrived")),
    listen({ port: 0, host: "::1" }, onConnection("a TCP connection arrived by IPv6")),
    receive(onConnection("a UDP datagram arrived")),
    listen({ path: nodePath.join(sockets, "stream") }, onConnection("a connection arrived")),
    listen({ path: `\0${mark}` }, onConnection("a connection arrived")),
    receiveUnixDatagrams(nodePath.join(sockets, "datagram"), datagramSeen),
  ]);
  sharedMemory(key, "make");
  const onSignal = onConnection("a signal reached the agent");
  process.on("SIGUSR2", onSignal);

  let victim: ChildProcess | null = null;
  let victimFacts = "";
  const agentAdjustment = (): string => readFileSync("/proc/self/oom_score_adj", "utf8");
  const adjustment = agentAdjustment();
  const restartVictim = async (): Promise<void> => {
    victim?.kill("SIGKILL");
    victim = spawn("sleep", ["1000"], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], VICTIM_SECRET: secret },
      detached: true,
    });
    await new Promise((resolve) => victim?.once("spawn", resolve));
    victimFacts = processFacts(victim.pid ?? 0);
  };
  await restartVictim();

  const variables: Record<string, string> = {
    AGENT: String(process.pid),
    BASE: base,
    WS: workspace,
    OUTSIDE: at("outside"),
    SCRATCH: at("ws", "scratch"),
    LATER: at("ws", "later"),
    TREE: at("tree"),
    DENIED: at("ws", "docs", "private"),
    SECRET: secret,
    MARK: mark,
    KEY: String(key),
    DISK: rootDisk(),
    TCP: String(tcp?.port ?? 9),
    TCP6: String(tcp6?.port ?? 9),
    UDP: String(udp.port),
    STREAM: nodePath.join(sockets, "stream"),
    DATAGRAM: nodePath.join(sockets, "datagram"),
    ABSTRACT: mark,
  };
  const guarded = [
    at("outside"),
    at("tree"),
    at("ws", ".git"),
    at("ws", ".agents"),
    at("ws", ".codex"),
    nodePath.join("/dev/shm", mark),
    nodePath.join("/tmp", mark),
    nodePath.join("/var/tmp", mark),
  ];
  let before: readonly string[] = [];
  const look = (): readonly string[] => [
    ...readdirSync(base).map((name) => `${base} has ${name}`),
    ...guarded.flatMap(fingerprint),
  ];

  const policy: SandboxPolicy = {
    type: "workspace-write",
    writable_roots: [at("ws", "scratch"), at("ws", "later"), at("tree")],
    exclude_slash_tmp: true,
  };

  return {
    workspace,
    get variables() {
      return { ...variables, VICTIM: String(victim?.pid ?? 0) };
    },
    context(kind) {
      const context: SandboxContext = { policy, policyCwd: workspace };
      if (kind === "workspace") return context;
      const { fileSystem } = fromSandboxPolicy(policy, { cwd: workspace });
      const more: readonly FileSystemSandboxEntry[] =
        kind === "linked"
          ? [{ path: { type: "path", path: at("ws", "linked", "link") }, access: "read" }]
          : [
              { path: { type: "path", path: at("ws", "docs", "private") }, access: "none" },
              { path: { type: "glob_pattern", pattern: "**/.env" }, access: "none" },
            ];
      return {
        ...context,
        fileSystem: { ...fileSystem, entries: [...(fileSystem.entries ?? []), ...more] },
      };
    },
    reset() {
      // Writable folders stay the folders that they are: a sandbox may know them by more than the name.
      for (const path of [workspace, at("tree")]) emptyFolder(path);
      for (const path of guarded.filter((place) => place !== at("tree"))) {
        rmSync(path, { recursive: true, force: true });
      }
      for (const name of readdirSync(base)) {
        if (!kept.includes(name)) rmSync(at(name), { recursive: true, force: true });
      }
      rmSync(datagramSeen, { force: true });
      for (const path of [
        "outside/empty",
        "outside/link",
        "ws/.git/hooks",
        "ws/.agents",
        "ws/docs/private",
        "ws/scratch",
        "ws/linked",
        "ws/deep/er",
        "tree/meta",
      ]) {
        mkdirSync(at(path), { recursive: true });
      }
      writeFileSync(at("outside/canary"), "untouched");
      writeFileSync(at("outside/link/kept"), "untouched");
      writeFileSync(at("ws/.git/config"), "untouched");
      writeFileSync(at("ws/.git/HEAD"), "ref: refs/heads/main");
      writeFileSync(at("ws/docs/private/secret"), secret);
      writeFileSync(at("ws/deep/er/.env"), secret);
      writeFileSync(at("tree/.git"), "gitdir: meta");
      writeFileSync(at("tree/meta/config"), "untouched");
      symlinkSync("../scratch", at("ws/linked/link"));
      met.length = 0;
      before = look();
    },
    traces() {
      const after = look();
      const changed = [
        ...after.filter((line) => !before.includes(line)),
        ...before.filter((line) => !after.includes(line)).map((line) => `no longer: ${line}`),
      ];
      const hurt = processFacts(victim?.pid ?? 0) !== victimFacts;
      const marks = [
        ...changed,
        ...met.splice(0),
        ...(existsSync(datagramSeen) ? ["a datagram arrived"] : []),
        ...(hurt ? ["a process outside was changed"] : []),
        ...(agentAdjustment() === adjustment ? [] : ["the agent's memory score was changed"]),
      ];
      if (hurt) void restartVictim();
      return marks;
    },
    async [Symbol.asyncDispose]() {
      process.off("SIGUSR2", onSignal);
      for (const listener of [tcp, tcp6, udp, stream, abstract]) listener?.close();
      datagrams.kill("SIGKILL");
      victim?.kill("SIGKILL");
      sharedMemory(key, "remove");
      for (const path of [...guarded, base]) rmSync(path, { recursive: true, force: true });
    },
  };
}
