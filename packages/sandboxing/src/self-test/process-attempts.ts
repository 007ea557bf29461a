// Ways to reach other processes.
import { type Attempt, perl, shell } from "./attempt.ts";

const reach = (id: string, title: string, program: string): Attempt => ({
  id: `process.${id}`,
  title,
  aspect: "processes",
  scripts: [perl(program)],
});

/** A read of nothing at address 0: EFAULT (14) tells that the other's memory could be read. */
const vector =
  "my $buffer = 'x' x 8; my $here = pack('P Q', $buffer, 8); my $there = pack('Q Q', 0, 8);";

export const processAttempts: readonly Attempt[] = [
  reach("signal", "end a process outside", "kill 'TERM', $env{VICTIM}; sleep 0.1"),
  {
    id: "process.signal-all",
    title: "signal everything at once",
    aspect: "processes",
    scripts: [
      shell(
        "trap '' USR1; kill -USR1 -1 2>/dev/null; kill -USR1 -- -\"$VICTIM\" 2>/dev/null; true",
      ),
    ],
  },
  reach("signal-agent", "signal the agent", "kill 'USR2', $env{AGENT}"),
  reach(
    "signal-threads",
    "signal the agent through each of its threads",
    "for (threads()) { sys('kill', $_ + 0, 12); sys('tgkill', $env{AGENT} + 0, $_ + 0, 12) }",
  ),
  reach(
    "signal-queue",
    "signal with rt_sigqueueinfo and a pidfd",
    "my $info = pack('l l l x4 l l', 12, 0, -1, $$, $<) . \"\\0\" x 104; for ($env{AGENT}, threads()) { sys('rt_sigqueueinfo', $_ + 0, 12, $info); for my $flags (0, 0200) { my $fd = sys('pidfd_open', $_ + 0, $flags); sys('pidfd_send_signal', $fd, 12, 0, 0) if $fd >= 0 } }",
  ),
  reach(
    "signal-owner",
    "have the kernel signal the owner of a pipe",
    "pipe(my $r, my $w); fcntl($r, 8, $env{VICTIM} + 0); fcntl($r, 10, 15); fcntl($r, 4, 020000 | 04000); syswrite($w, 'x'); select(undef, undef, undef, 0.05)",
  ),
  reach(
    "trace",
    "trace a process outside",
    "sys('ptrace', 16, $env{VICTIM} + 0, 0, 0) == 0 and escaped('attached')",
  ),
  reach(
    "trace-agent",
    "trace the agent's threads",
    "for (threads()) { sys('ptrace', 0x4206, $_ + 0, 0, 0) == 0 and escaped(\"seized $_\") }",
  ),
  reach(
    "memory",
    "read another's memory",
    `${vector} for ($env{VICTIM}, $env{AGENT}, threads()) { $! = 0; sys('process_vm_readv', $_ + 0, $here, 1, $there, 1, 0); $! == 14 and escaped("may read $_") }`,
  ),
  reach(
    "memory-write",
    "write to another's memory",
    `${vector} for ($env{VICTIM}, $env{AGENT}, threads()) { $! = 0; sys('process_vm_writev', $_ + 0, $here, 1, $there, 1, 0); $! == 14 and escaped("may write $_") }`,
  ),
  reach(
    "memory-file",
    "open another's memory in /proc",
    'for ($env{VICTIM}, $env{AGENT}, map { "$env{AGENT}/task/$_" } threads()) { sysopen(my $f, "/proc/$_/mem", O_RDONLY) and escaped("opened that of $_") }',
  ),
  reach(
    "environment",
    "read another's environment",
    'for ($env{VICTIM}, $env{AGENT}, map { "$env{AGENT}/task/$_" } threads()) { my $text = slurp("/proc/$_/environ"); escaped("read that of $_") if defined $text && length $text }',
  ),
  reach(
    "descriptor",
    "take a descriptor of another",
    "for ($env{VICTIM}, $env{AGENT}) { my $fd = sys('pidfd_open', $_ + 0, 0); $fd >= 0 and sys('pidfd_getfd', $fd, 0, 0) >= 0 and escaped(\"took one of $_\") }",
  ),
  reach(
    "limits",
    "take away what another may use",
    "my $limit = pack('Q Q', 64, 64); sys('prlimit64', $env{VICTIM} + 0, 7, $limit, 0)",
  ),
  reach("priority", "change another's priority", "sys('setpriority', 0, $env{VICTIM} + 0, 15)"),
  reach(
    "oom",
    "offer another to the kernel when memory is short",
    "sysopen(my $f, \"/proc/$_/oom_score_adj\", O_WRONLY) and syswrite($f, '900') for $env{VICTIM}, $env{AGENT}",
  ),
  reach(
    "profile",
    "watch the whole machine with performance counters",
    "my $a = pack('L L Q', 1, 112, 0) . \"\\0\" x 96; sys('perf_event_open', $a, -1, 0, -1, 0) >= 0 and escaped('opened one')",
  ),
  reach(
    "privileges",
    "keep a way to gain privileges",
    "(slurp('/proc/self/status') // '') =~ /^NoNewPrivs:\\t1$/m or escaped('set-user-ID programs work')",
  ),
  reach(
    "capabilities",
    "keep capabilities",
    "(slurp('/proc/self/status') // '') =~ /^CapEff:\\t0+$/m or escaped('there are some')",
  ),
  {
    id: "process.terminal",
    title: "type into the terminal that the agent was started from",
    aspect: "processes",
    scripts: [perl("sysopen(my $f, '/dev/tty', O_RDWR) and escaped('opened it')")],
  },
];
