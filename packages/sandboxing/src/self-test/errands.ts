// Ordinary work that a sandbox must not get in the way of.
import { type Errand, perl, shell } from "./attempt.ts";

export const errands: readonly Errand[] = [
  {
    id: "work.workspace",
    title: "make, rename, link and remove files in the workspace",
    script: shell(
      'set -e; mkdir -p a/b; echo x > a/one; mv a/one a/b/two; ln a/b/two three; ln -s three four; test x = "$(cat four)"; rm -r a three four',
    ),
  },
  {
    id: "work.second-root",
    title: "write to another writable folder",
    script: shell('echo x > "$SCRATCH/x" && rm "$SCRATCH/x"'),
  },
  {
    id: "work.system",
    title: "read and run what the system has",
    script: shell("set -e; test -r /etc/passwd; ls / >/dev/null; ls -d /bin/sh"),
  },
  {
    id: "work.null-device",
    title: "write to /dev/null and read the other usual devices",
    script: shell(
      "set -e; echo x > /dev/null; for d in zero random urandom; do head -c 4 /dev/$d | wc -c | grep -q 4; done; test -c /dev/full; test -c /dev/tty",
    ),
  },
  {
    id: "work.standard-streams",
    title: "open /dev/stdout and /dev/stderr again",
    script: shell('test 2 = "$( (echo x > /dev/stdout; echo x > /dev/stderr) 2>&1 | wc -l)"'),
  },
  {
    id: "work.here-document",
    title: "read a here-document",
    script: shell('read -r line <<END\nhello\nEND\ntest "$line" = hello'),
  },
  {
    id: "work.pipeline",
    title: "run pipelines and background jobs",
    script: shell(
      'set -e; sleep 0.01 & wait "$!"; test 3 = "$(printf "a\\nb\\nc\\n" | sort | wc -l)"',
    ),
  },
  {
    id: "work.own-signals",
    title: "signal and await own children",
    script: shell("sleep 100 & kill $!; wait $!; test $? = 143"),
  },
  {
    id: "work.socket-pair",
    title: "talk to a child over a pair of Unix sockets",
    script: perl(
      "socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; if (!fork) { syswrite($b, 'hello'); POSIX::_exit(0) } sysread($a, my $text, 5); wait; $text eq 'hello' or die; getsockopt($a, SOL_SOCKET, SO_TYPE) or die; shutdown($a, 1) or die",
    ),
  },
  {
    id: "work.users",
    title: "look up the user",
    script: shell("test -n \"$(id -u)\" && perl -e 'getpwuid($<) or getpwuid(0) or exit 1'"),
  },
];
