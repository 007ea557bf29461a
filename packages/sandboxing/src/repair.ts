// The one line that gives this machine the better sandbox.

export type BwrapProblem = "missing" | "too_old" | "no_namespaces_left" | "refused" | "unknown";

/** What the line depends on. */
export interface HostFacts {
  /** The text of `/etc/os-release`; empty where there is none. */
  readonly osRelease: string;
  /** The value of a kernel setting such as `kernel/apparmor_restrict_unprivileged_userns`. */
  readonly setting: (name: string) => string | null;
  readonly isRoot: boolean;
  readonly isContainer: boolean;
}

/** By the names that os-release gives a distribution, or those that it is like. */
const installers: readonly (readonly [names: readonly string[], command: string])[] = [
  [["debian", "ubuntu"], "apt-get install -y bubblewrap"],
  [["fedora", "rhel", "centos"], "dnf install -y bubblewrap"],
  [["arch"], "pacman -S --noconfirm bubblewrap"],
  [["alpine"], "apk add bubblewrap"],
  [["suse", "opensuse"], "zypper install -y bubblewrap"],
  [["void"], "xbps-install -y bubblewrap"],
  [["gentoo"], "emerge sys-apps/bubblewrap"],
];

function distributionNames(osRelease: string): readonly string[] {
  const value = (key: string): string =>
    new RegExp(`^${key}=["']?([^"'\n]*)`, "m").exec(osRelease)?.[1] ?? "";
  return `${value("ID")} ${value("ID_LIKE")}`.toLowerCase().split(/\s+/).filter(Boolean);
}

function installCommand(host: HostFacts): string | null {
  const names = distributionNames(host.osRelease);
  if (names.includes("nixos")) return "nix-env -iA nixos.bubblewrap";
  // The nearest name first: a derivative may be like several.
  for (const name of names) {
    const known = installers.find(([ids]) =>
      ids.some((id) => name === id || name.startsWith(`${id}-`)),
    );
    if (known !== undefined) return asRoot(known[1], host);
  }
  return null;
}

function asRoot(command: string, { isRoot }: HostFacts): string {
  return isRoot ? command : `sudo ${command}`;
}

/** The command to run, or null where there is none to give. */
export function repairCommand(problem: BwrapProblem, host: HostFacts): string | null {
  switch (problem) {
    case "missing":
    case "too_old":
      return installCommand(host);
    case "no_namespaces_left":
      return asRoot("sysctl -w user.max_user_namespaces=15000", host);
    case "refused":
      if (host.setting("kernel/unprivileged_userns_clone") === "0") {
        return asRoot("sysctl -w kernel.unprivileged_userns_clone=1", host);
      }
      if (host.setting("user/max_user_namespaces") === "0") {
        return asRoot("sysctl -w user.max_user_namespaces=15000", host);
      }
      if (host.setting("kernel/apparmor_restrict_unprivileged_userns") === "1") {
        return asRoot("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", host);
      }
      return host.isContainer
        ? "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …"
        : null;
    case "unknown":
      return null;
  }
}
