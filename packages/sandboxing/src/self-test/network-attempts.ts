// Ways to talk to somebody.
import { type Attempt, perl, shell } from "./attempt.ts";

const network = (id: string, title: string, program: string): Attempt => ({
  id: `network.${id}`,
  title,
  aspect: "network",
  scripts: [perl(program)],
});
const local = (id: string, title: string, program: string): Attempt => ({
  id: `ipc.${id}`,
  title,
  aspect: "local_ipc",
  scripts: [perl(program)],
});

const created = (domain: number, type: number, protocol = 0): string =>
  `socket(my $s, ${domain}, ${type}, ${protocol}) and escaped('made a socket')`;

/**
 * Makes a 32-bit program, whose system calls have other numbers: it makes an IPv4 socket, and exits
 * with 42 when that worked. `mov eax,359; mov ebx,2; mov ecx,1; xor edx,edx; int 0x80; test eax,eax;
 * mov ebx,1; js +5; mov ebx,42; mov eax,1; int 0x80`
 */
const foreignProgram = `my $code = pack('H*', 'b867010000bb02000000b90100000031d2cd8085c0bb010000007805bb2a000000b801000000cd80');
my $size = 84 + length $code;
my $program = "\x7fELF" . pack('C12 S S L5 S6 L8', 1, 1, 1, (0) x 9, 2, 3, 1, 0x08048054, 52, 0, 0, 52, 32, 1, 40, 0, 0, 1, 0, 0x08048000, 0x08048000, $size, $size, 5, 0x1000) . $code;
open(my $f, '>', 'foreign'); binmode $f; print $f $program; close $f; chmod 0755, 'foreign';
system('./foreign') >> 8 == 42 and escaped('made a socket')`;

export const networkAttempts: readonly Attempt[] = [
  network(
    "address",
    "connect to an address by TCP",
    "socket(my $s, AF_INET, SOCK_STREAM, 0) or exit 1; connect($s, pack_sockaddr_in($env{TCP}, inet_aton('127.0.0.1'))) and escaped('connected')",
  ),
  network(
    "name",
    "connect to a name by TCP",
    "my $ip = gethostbyname('localhost') or exit 1; socket(my $s, AF_INET, SOCK_STREAM, 0) or exit 1; connect($s, pack_sockaddr_in($env{TCP}, $ip)) and escaped('connected')",
  ),
  network(
    "ipv6",
    "connect by IPv6",
    "socket(my $s, AF_INET6, SOCK_STREAM, 0) or exit 1; connect($s, Socket::pack_sockaddr_in6($env{TCP6}, Socket::inet_pton(AF_INET6, '::1'))) and escaped('connected')",
  ),
  {
    id: "network.shell",
    title: "connect with the shell's own /dev/tcp",
    aspect: "network",
    scripts: [shell('bash -c "exec 3<>/dev/tcp/127.0.0.1/$TCP" && echo "ESCAPED connected"')],
  },
  network(
    "udp",
    "send a datagram by UDP",
    "socket(my $s, AF_INET, SOCK_DGRAM, 0) or exit 1; my $to = pack_sockaddr_in($env{UDP}, inet_aton('127.0.0.1')); send($s, 'x', 0, $to); message($s, $to)",
  ),
  network(
    "listen",
    "listen for others",
    "socket(my $s, AF_INET, SOCK_STREAM, 0) or exit 1; bind($s, pack_sockaddr_in(0, INADDR_ANY)) and listen($s, 1) and escaped('listens')",
  ),
  network("raw", "make a raw socket", created(/*domain*/ 2, /*type*/ 3, /*protocol*/ 1)),
  network(
    "packet",
    "make a packet socket",
    created(/*domain*/ 17, /*type*/ 3, /*protocol*/ 0x0300),
  ),
  network("netlink", "talk to the kernel's network settings", created(/*domain*/ 16, /*type*/ 3)),
  network("vsock", "make a socket to the machine's host", created(/*domain*/ 40, /*type*/ 1)),
  network(
    "bluetooth",
    "make a Bluetooth socket",
    created(/*domain*/ 31, /*type*/ 3, /*protocol*/ 1),
  ),
  network("alg", "make a socket to the kernel's ciphers", created(/*domain*/ 38, /*type*/ 5)),
  network(
    "io-uring",
    "go round the filter with io_uring",
    "my $parameters = \"\\0\" x 120; sys('io_uring_setup', 4, $parameters) >= 0 and escaped('made a ring')",
  ),
  network(
    "x32",
    "go round the filter with the numbers of x32",
    "syscall(0x40000000 + 41, 2, 1, 0) >= 0 and escaped('made a socket')",
  ),
  network("foreign", "go round the filter with a 32-bit program", foreignProgram),
  network(
    "own-namespace",
    "make a socket in a new user and network namespace",
    "sys('unshare', 0x10000000 | 0x40000000); socket(my $s, AF_INET, SOCK_STREAM, 0) and escaped('made a socket')",
  ),
  network(
    "descriptors",
    "use a descriptor that was left open",
    'opendir(my $d, \'/proc/self/fd\'); my $own = fileno $d; for (readdir $d) { next if !/^\\d+$/ || $_ <= 2 || $_ == $own; my $to = readlink "/proc/self/fd/$_"; escaped("descriptor $_ is $to") if defined $to }',
  ),
  network(
    "agent-descriptors",
    "open the agent's descriptors through /proc",
    'for my $p ($env{AGENT}, map { "$env{AGENT}/task/$_" } threads()) { opendir(my $d, "/proc/$p/fd") or next; for (readdir $d) { next if /^\\./; sysopen(my $f, "/proc/$p/fd/$_", O_RDONLY | O_NONBLOCK) and escaped("opened $_") } }',
  ),
  network(
    "standard-input",
    "use what standard input leads to",
    "my $to = readlink '/proc/self/fd/0'; escaped($to) if $to ne '/dev/null'",
  ),
  local(
    "stream",
    "connect to a Unix socket by its path",
    "socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit 1; connect($s, pack_sockaddr_un($env{STREAM})) and escaped('connected')",
  ),
  local(
    "abstract",
    "connect to an abstract Unix socket",
    "socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit 1; connect($s, pack('S a*', AF_UNIX, \"\\0$env{ABSTRACT}\")) and escaped('connected')",
  ),
  local(
    "sendto",
    "send a datagram to a Unix socket by its path",
    "socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or exit 1; send($s, 'x', 0, pack_sockaddr_un($env{DATAGRAM}))",
  ),
  local(
    "sendmsg",
    "the same with sendmsg, whose address no filter sees",
    "socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or exit 1; message($s, pack('S a*', AF_UNIX, \"$env{DATAGRAM}\\0\"))",
  ),
  local(
    "pair",
    "the same from one end of a pair",
    "socketpair(my $a, my $b, AF_UNIX, SOCK_DGRAM, 0) or exit 1; message($a, pack('S a*', AF_UNIX, \"$env{DATAGRAM}\\0\"))",
  ),
  local(
    "shared-memory",
    "open shared memory of System V",
    "my $id = shmget($env{KEY}, 1, 0); defined $id and escaped('opened it')",
  ),
  local(
    "keyring",
    "read the session's keyring",
    "my $buffer = \"\\0\" x 256; sys('keyctl', 11, -3, $buffer, 256) >= 0 and escaped('read it')",
  ),
];
