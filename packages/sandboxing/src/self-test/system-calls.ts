// What perl needs to make system calls that have no program of their own.

// arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
const numbers: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  add_key: [248, 217],
  bpf: [321, 280],
  chroot: [161, 51],
  clock_settime: [227, 112],
  io_uring_setup: [425, 425],
  keyctl: [250, 219],
  kill: [62, 129],
  mknodat: [259, 33],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  pidfd_getfd: [438, 438],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  pivot_root: [155, 41],
  prlimit64: [302, 261],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  reboot: [169, 142],
  rt_sigqueueinfo: [129, 138],
  sendmsg: [46, 211],
  sethostname: [170, 161],
  setns: [308, 268],
  setpriority: [141, 140],
  setxattr: [188, 5],
  socket: [41, 198],
  tgkill: [234, 131],
  umount2: [166, 39],
  unshare: [272, 97],
};

/** Perl in front of every program: `sys NAME, ARGUMENTS` makes a call, `escaped TEXT` reports one. */
export function perlPrelude(arch: string): string {
  const column = arch === "arm64" ? 1 : 0;
  const table = Object.entries(numbers)
    .map(([name, both]) => `${name}=>${both[column]}`)
    .join(",");
  return `use strict; use Socket; use Fcntl; use POSIX ();
my %number = (${table});
my %env = %ENV;
sub escaped { syswrite(STDOUT, "ESCAPED @_\\n"); POSIX::_exit(0) }
sub sys { my $name = shift; return syscall($number{$name}, @_) }
sub slurp { open(my $f, '<', $_[0]) or return; local $/; return <$f> }
sub threads { opendir(my $d, "/proc/$env{AGENT}/task") or return (); return grep { /^\\d+$/ } readdir $d }
sub plant { open(my $f, '>', $_[0]) or return; print $f "planted"; close $f }
# A message to the Unix socket with the address $_[1], past what sendto shows of it.
sub message { my ($socket, $address) = @_; my $text = 'x'; my $vector = pack('P Q', $text, 1);
  my $header = pack('P L x4 P Q Q Q L x4', $address, length $address, $vector, 1, 0, 0, 0);
  return sys('sendmsg', fileno $socket, $header, 0) }
`;
}
