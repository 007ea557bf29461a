// Ways to change files outside the workspace.
import { type Attempt, perl, shell } from "./attempt.ts";

const unshareUserAndMounts = "sys('unshare', 0x10000000 | 0x20000) == 0 or exit 1;";

export const writeAttempts: readonly Attempt[] = [
  {
    id: "write.create",
    title: "create a file beside the workspace",
    aspect: "file_writes",
    scripts: [shell('echo planted > "$OUTSIDE/planted"')],
  },
  {
    id: "write.dot-dot",
    title: "create a file through ..",
    aspect: "file_writes",
    scripts: [shell('cd "$WS/docs" && echo planted > ../../outside/planted')],
  },
  {
    id: "write.append",
    title: "append to a file outside",
    aspect: "file_writes",
    scripts: [shell('echo more >> "$OUTSIDE/canary"')],
  },
  {
    id: "write.truncate",
    title: "truncate a file outside",
    aspect: "file_writes",
    scripts: [perl("truncate($env{OUTSIDE} . '/canary', 0)")],
  },
  {
    id: "write.file-link",
    title: "write through a symbolic link to a file",
    aspect: "file_writes",
    scripts: [shell('ln -s "$OUTSIDE/canary" door && echo more >> door')],
  },
  {
    id: "write.folder-link",
    title: "write through a symbolic link to a folder",
    aspect: "file_writes",
    scripts: [shell('ln -s "$OUTSIDE" door && echo planted > door/planted')],
  },
  {
    id: "write.hard-link",
    title: "give a file outside a second name in the workspace, and write to it",
    aspect: "file_writes",
    scripts: [shell('ln "$OUTSIDE/canary" twin && echo more >> twin')],
  },
  {
    id: "write.move-in",
    title: "move a file from outside into the workspace",
    aspect: "file_writes",
    scripts: [shell('mv "$OUTSIDE/canary" taken')],
  },
  {
    id: "write.move-over",
    title: "rename an own file over one outside",
    aspect: "file_writes",
    scripts: [perl("plant('own'); rename('own', $env{OUTSIDE} . '/canary')")],
  },
  {
    id: "write.remove",
    title: "remove a file outside",
    aspect: "file_writes",
    scripts: [shell('rm -f "$OUTSIDE/canary"')],
  },
  {
    id: "write.folders",
    title: "make and remove folders outside",
    aspect: "file_writes",
    scripts: [shell('mkdir "$OUTSIDE/made"; rmdir "$OUTSIDE/empty"')],
  },
  {
    id: "write.link-outside",
    title: "leave a symbolic link outside",
    aspect: "file_writes",
    scripts: [shell('ln -s /etc/passwd "$OUTSIDE/planted"')],
  },
  {
    id: "write.root-rename",
    title: "rename the workspace itself",
    aspect: "file_writes",
    scripts: [shell('cd / && mv "$WS" "$WS.moved"')],
  },
  {
    id: "write.proc-root",
    title: "write through /proc/self/root and /proc/1/root",
    aspect: "file_writes",
    scripts: [shell('for p in self 1; do echo planted > "/proc/$p/root$OUTSIDE/planted"; done')],
  },
  {
    id: "write.proc-agent",
    title: "write through the agent's root and folder in /proc",
    aspect: "file_writes",
    scripts: [
      shell(
        'for p in root cwd; do echo planted > "/proc/$AGENT/$p$OUTSIDE/planted"; done; for t in /proc/"$AGENT"/task/*; do echo planted > "$t/root$OUTSIDE/planted"; done',
      ),
    ],
  },
  {
    id: "write.bind",
    title: "bind the folder outside into the workspace, and write there",
    aspect: "file_writes",
    scripts: [
      perl(
        "sys('mount', $env{OUTSIDE}, $env{WS} . '/docs', 0, 4096, 0); plant($env{WS} . '/docs/planted') if -e $env{WS} . '/docs/canary'",
      ),
    ],
  },
  {
    id: "write.remount",
    title: "mount the disk writable again",
    aspect: "file_writes",
    scripts: [
      perl(
        "sys('mount', 'none', $_, 0, 32 | 4096, 0) for '/', $env{BASE}; plant($env{OUTSIDE} . '/planted')",
      ),
    ],
  },
  {
    id: "write.nested-remount",
    title: "the same with the rights of a new user namespace",
    aspect: "file_writes",
    scripts: [
      perl(
        `${unshareUserAndMounts} sys('mount', 'none', $_, 0, 32 | 4096, 0) for '/', $env{BASE}; plant($env{OUTSIDE} . '/planted')`,
      ),
    ],
  },
  {
    id: "write.nested-bind",
    title: "bind the folder outside to a new place in a new user namespace",
    aspect: "file_writes",
    scripts: [
      perl(
        `${unshareUserAndMounts} sys('mount', $env{OUTSIDE}, $env{WS} . '/docs', 0, 4096, 0); sys('mount', 'none', $env{WS} . '/docs', 0, 32 | 4096, 0); plant($env{WS} . '/docs/planted') if -e $env{WS} . '/docs/canary'`,
      ),
    ],
  },
  {
    id: "write.new-mount-calls",
    title: "clone the folder outside with open_tree, open it with mount_setattr, and move it in",
    aspect: "file_writes",
    scripts: [
      perl(
        `sys('unshare', 0x10000000 | 0x20000); my $empty = ''; my $tree = sys('open_tree', -100, $env{OUTSIDE}, 1); exit 1 if $tree < 0;
my $attributes = pack('Q4', 0, 1, 0, 0); sys('mount_setattr', $tree, $empty, 0x1000, $attributes, 32);
plant("/proc/self/fd/$tree/planted"); sys('move_mount', $tree, $empty, -100, $env{WS} . '/docs', 4); plant($env{WS} . '/docs/planted') if -e $env{WS} . '/docs/canary'`,
      ),
    ],
  },
  {
    id: "write.chroot",
    title: "leave by chroot and pivot_root",
    aspect: "file_writes",
    scripts: [
      perl(
        "mkdir 'cell'; sys('chroot', $env{WS} . '/cell') == 0 and do { chdir '..' for 1..40; sys('chroot', '.'); }; my $dot = '.'; sys('pivot_root', $dot, $dot); plant($env{OUTSIDE} . '/planted')",
      ),
    ],
  },
  {
    id: "write.setns",
    title: "enter the namespaces of the agent and of the first process",
    aspect: "file_writes",
    scripts: [
      perl(
        "for my $p ($env{AGENT}, getppid(), 1) { for my $kind ('user', 'mnt') { sysopen(my $f, \"/proc/$p/ns/$kind\", O_RDONLY) and sys('setns', fileno $f, 0); } } plant($env{OUTSIDE} . '/planted')",
      ),
    ],
  },
  {
    id: "write.handle",
    title: "open a file outside by its handle",
    aspect: "file_writes",
    scripts: [
      perl(
        "my $handle = pack('L l x128', 128, 0); my $mount = pack('l', 0); sys('name_to_handle_at', -100, $env{OUTSIDE} . '/canary', $handle, $mount, 0) == 0 or exit 1; sysopen(my $f, $env{WS}, O_RDONLY); my $fd = sys('open_by_handle_at', fileno $f, $handle, 1); $fd >= 0 and POSIX::write($fd, 'planted', 7)",
      ),
    ],
  },
  {
    id: "write.swap",
    title: "swap a folder for a link while writing into it",
    aspect: "file_writes",
    scripts: [
      shell(
        'mkdir real; ln -s real x; (i=0; while [ $i -lt 40 ]; do ln -sfn "$OUTSIDE" x; ln -sfn real x; i=$((i+1)); done) & i=0; while [ $i -lt 40 ]; do echo planted > x/planted; i=$((i+1)); done; wait',
      ),
    ],
  },
  {
    id: "write.root-swap",
    title: "replace a writable folder by a link out, for the next command",
    aspect: "file_writes",
    scripts: [
      shell('rm -rf "$SCRATCH"; mv "$SCRATCH" gone; ln -s "$OUTSIDE" "$SCRATCH"'),
      shell('echo planted > "$OUTSIDE/planted"'),
    ],
  },
  {
    id: "write.root-appears",
    title: "make a writable folder that is missing appear as a link out, for the next command",
    aspect: "file_writes",
    scripts: [shell('ln -s "$OUTSIDE" "$LATER"'), shell('echo planted > "$OUTSIDE/planted"')],
  },
  {
    id: "write.tmpdir-appears",
    title: "make a missing TMPDIR appear as a link out, for the next command",
    aspect: "file_writes",
    env: { TMPDIR: "$WS/temporary" },
    scripts: [shell('ln -s "$OUTSIDE" "$TMPDIR"'), shell('echo planted > "$OUTSIDE/planted"')],
  },
  {
    id: "write.ancestor-of-link",
    title: "swap the folder around a protected link, so that putting it back happens outside",
    aspect: "file_writes",
    policy: "linked",
    scripts: [shell('mv "$WS/linked" "$WS/moved"; ln -s "$OUTSIDE" "$WS/linked"'), shell("true")],
  },
  {
    id: "write.loader",
    title: "supply a library for the next sandbox through LD_LIBRARY_PATH",
    aspect: "file_writes",
    env: { LD_LIBRARY_PATH: "$WS/lib" },
    scripts: [
      shell(
        'mkdir -p lib && for name in libcap.so.2 libselinux.so.1; do echo garbage > "lib/$name"; done',
      ),
      shell("true"),
    ],
  },
  {
    id: "write.shared-memory",
    title: "write to the host's /dev/shm",
    aspect: "file_writes",
    scripts: [shell('echo planted > "/dev/shm/$MARK"')],
  },
  {
    id: "write.temporary",
    title: "write to /tmp, which the policy leaves out",
    aspect: "file_writes",
    scripts: [shell('echo planted > "/tmp/$MARK"; echo planted > "/var/tmp/$MARK"')],
  },
  {
    id: "attributes.mode",
    title: "change the mode of a file outside",
    aspect: "file_attributes",
    scripts: [shell('chmod 777 "$OUTSIDE/canary"')],
  },
  {
    id: "attributes.times",
    title: "change the times of a file outside",
    aspect: "file_attributes",
    scripts: [shell('touch -d 2001-01-01 "$OUTSIDE/canary"')],
  },
  {
    id: "attributes.owner",
    title: "change the owner of a file outside",
    aspect: "file_attributes",
    scripts: [shell('chown 4321:4321 "$OUTSIDE/canary"')],
  },
  {
    id: "attributes.extended",
    title: "set an extended attribute of a file outside",
    aspect: "file_attributes",
    scripts: [
      perl(
        "my ($name, $value) = ('user.planted', 'x'); sys('setxattr', $env{OUTSIDE} . '/canary', $name, $value, 1, 0) == 0 and escaped('attribute set')",
      ),
    ],
  },
  {
    id: "protected.hooks",
    title: "plant a git hook",
    aspect: "protected_paths",
    scripts: [shell("echo planted > .git/hooks/pre-commit")],
  },
  {
    id: "protected.git-config",
    title: "change .git/config",
    aspect: "protected_paths",
    scripts: [shell("echo planted >> .git/config")],
  },
  {
    id: "protected.git-move",
    title: "move .git away and make another",
    aspect: "protected_paths",
    scripts: [shell("mv .git old; mkdir .git; echo planted > .git/config")],
  },
  {
    id: "protected.git-dir",
    title: "change the folder that a .git file points to",
    aspect: "protected_paths",
    scripts: [shell('echo planted > "$TREE/.git"; echo planted > "$TREE/meta/config"')],
  },
  {
    id: "protected.codex-make",
    title: "make a first .codex",
    aspect: "protected_paths",
    scripts: [shell("mkdir -p .codex/x; echo planted > .codex/config.toml")],
  },
  {
    id: "protected.codex-rename",
    title: "rename a folder to .codex",
    aspect: "protected_paths",
    scripts: [shell("mkdir mine && echo planted > mine/config.toml && mv -T mine .codex")],
  },
  {
    id: "protected.codex-link",
    title: "make .codex a link to an own folder",
    aspect: "protected_paths",
    scripts: [shell("rmdir .codex; mkdir mine && ln -sfn mine .codex")],
  },
  {
    id: "protected.agents",
    title: "change .agents",
    aspect: "protected_paths",
    scripts: [shell("echo planted > .agents/skill.md; mv .agents old")],
  },
  {
    id: "protected.nested-unmount",
    title: "uncover .git in a new user namespace",
    aspect: "protected_paths",
    scripts: [
      perl(
        `${unshareUserAndMounts} sys('umount2', $env{WS} . '/.git', 2); sys('mount', 'none', $env{WS} . '/.git', 0, 32 | 4096, 0); plant($env{WS} . '/.git/config')`,
      ),
    ],
  },
];
