// Ways to read what may not be read.
import { type Attempt, perl, shell } from "./attempt.ts";

const tell = (command: string): string =>
  `text=$(${command} 2>/dev/null); case $text in *"$SECRET"*) echo "ESCAPED read the secret";; esac`;

const denied = (
  id: string,
  title: string,
  ...scripts: readonly [Attempt["scripts"][0], ...Attempt["scripts"][0][]]
): Attempt => ({ id: `read.${id}`, title, aspect: "file_reads", policy: "denied", scripts });

export const readAttempts: readonly Attempt[] = [
  denied("denied-file", "read a denied file", shell(tell('cat "$DENIED/secret"'))),
  denied(
    "denied-link",
    "read it through a link in the workspace",
    shell(`ln -s "$DENIED" door; ${tell("cat door/secret")}`),
  ),
  denied(
    "denied-proc",
    "read it through /proc/self/root, /proc/1/root and the agent's",
    shell(
      tell(
        'cat "/proc/self/root$DENIED/secret" "/proc/1/root$DENIED/secret" "/proc/$AGENT/root$DENIED/secret"',
      ),
    ),
  ),
  denied(
    "denied-list",
    "list a denied folder",
    shell('ls "$DENIED" | grep -q secret && echo "ESCAPED listed it"'),
  ),
  denied(
    "denied-move",
    "rename the folder around it, and read it with the next command",
    shell('mv "$WS/docs" "$WS/moved"; mkdir -p "$DENIED"'),
    shell(tell('cat "$WS/moved/private/secret" "$DENIED/secret"')),
  ),
  denied(
    "denied-unmount",
    "uncover it in a new user namespace",
    perl(
      "sys('unshare', 0x10000000 | 0x20000); sys('umount2', $env{DENIED}, 2); sys('mount', $env{WS}, $env{SCRATCH}, 0, 4096, 0); for ($env{DENIED}, $env{SCRATCH} . '/docs/private') { (slurp(\"$_/secret\") // '') =~ /$env{SECRET}/ and escaped('uncovered it') }",
    ),
  ),
  denied(
    "denied-chmod",
    "open the cover of a denied folder",
    shell(`chmod 777 "$DENIED"; ${tell('cat "$DENIED/secret"')}`),
  ),
  denied(
    "denied-glob",
    "read a file that a denied pattern names",
    shell(tell('cat "$WS/deep/er/.env"')),
  ),
  denied(
    "denied-glob-link",
    "read it through a link with another name",
    shell(`ln -s deep/er/.env plain; ${tell("cat plain")}`),
  ),
  {
    id: "read.device",
    title: "make a node of the disk's device, and read it",
    aspect: "devices",
    scripts: [
      perl(
        "my ($major, $minor) = split /:/, $env{DISK}; sys('mknodat', -100, 'disk', 060600, $major << 8 | $minor) == 0 and sysopen(my $f, 'disk', O_RDONLY) and escaped('opened the disk')",
      ),
    ],
  },
  {
    id: "device.write",
    title: "open devices of the host for writing",
    aspect: "devices",
    scripts: [
      perl(
        'opendir(my $d, \'/dev\'); for (readdir $d) { next if /^(null|zero|full|random|urandom|tty|ptmx|stdin|stdout|stderr|fd|shm|pts|mqueue|hugepages)$/; next unless -b "/dev/$_" || -c _; sysopen(my $f, "/dev/$_", O_WRONLY | O_NONBLOCK | O_NOCTTY) and escaped("opened /dev/$_") }',
      ),
    ],
  },
  {
    id: "device.memory",
    title: "open the memory of the machine",
    aspect: "devices",
    scripts: [
      perl(
        "for ('/dev/mem', '/dev/kmem', '/proc/kcore') { sysopen(my $f, $_, O_RDONLY) and escaped(\"opened $_\") }",
      ),
    ],
  },
  {
    id: "device.core-pattern",
    title: "open the kernel's settings for writing",
    aspect: "devices",
    scripts: [
      perl(
        "for ('kernel/core_pattern', 'kernel/modprobe', 'vm/drop_caches', 'kernel/hostname') { sysopen(my $f, \"/proc/sys/$_\", O_WRONLY) and escaped(\"opened $_\") } sysopen(my $f, '/proc/sysrq-trigger', O_WRONLY) and escaped('opened sysrq-trigger')",
      ),
    ],
  },
  {
    id: "device.sysfs",
    title: "open files of /sys for writing",
    aspect: "devices",
    scripts: [
      perl(
        "for (glob('/sys/power/* /sys/kernel/* /sys/kernel/mm/*/* /sys/module/*/parameters/*')) { -f $_ or next; sysopen(my $f, $_, O_WRONLY) and escaped(\"opened $_\") }",
      ),
    ],
  },
  {
    id: "device.cgroup",
    title: "make a control group",
    aspect: "devices",
    scripts: [
      perl(
        'for (\'/sys/fs/cgroup\', glob(\'/sys/fs/cgroup/*\')) { -d $_ or next; mkdir "$_/$env{MARK}" and do { rmdir "$_/$env{MARK}"; escaped("made one in $_") } }',
      ),
    ],
  },
  {
    id: "device.clock",
    title: "set the clock and the host's name",
    aspect: "devices",
    scripts: [
      perl(
        "my $now = pack('q q', time, 0); sys('clock_settime', 0, $now) == 0 and escaped('set the clock'); my $name = (POSIX::uname())[1]; sys('sethostname', $name, length $name) == 0 and escaped('set the name')",
      ),
    ],
  },
  {
    id: "device.reboot",
    title: "change what Ctrl-Alt-Del does",
    aspect: "devices",
    scripts: [perl("sys('reboot', 0xfee1dead, 672274793, 0, 0) == 0 and escaped('changed it')")],
  },
];
