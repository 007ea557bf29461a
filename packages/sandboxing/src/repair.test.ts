import { describe, expect, test } from "vitest";
import { type HostFacts, repairCommand } from "./repair.ts";

const host = (facts: Partial<HostFacts> = {}): HostFacts => ({
  osRelease: "",
  setting: () => null,
  isRoot: false,
  isContainer: false,
  ...facts,
});

describe("a missing bubblewrap is installed", () => {
  test.each([
    [
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
      "sudo apt-get install -y bubblewrap",
    ],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', "sudo apt-get install -y bubblewrap"],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install -y bubblewrap"],
    ["ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S --noconfirm bubblewrap"],
    ["ID=alpine\n", "sudo apk add bubblewrap"],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "sudo zypper install -y bubblewrap"],
    ["ID=nixos\n", "nix-env -iA nixos.bubblewrap"],
    ["ID=plan9\n", null],
    ["", null],
  ])("by what %j says", (osRelease, command) => {
    expect(repairCommand("missing", host({ osRelease }))).toBe(command);
    expect(repairCommand("too_old", host({ osRelease }))).toBe(command);
  });

  test("without sudo for root", () => {
    const root = host({ osRelease: "ID=debian\n", isRoot: true });
    expect(repairCommand("missing", root)).toBe("apt-get install -y bubblewrap");
  });
});

test("a refused one is let work by the setting that is in the way", () => {
  const refusing = (name: string, value: string, isContainer = false) =>
    repairCommand(
      "refused",
      host({ setting: (asked) => (asked === name ? value : null), isContainer }),
    );
  expect([
    refusing("kernel/apparmor_restrict_unprivileged_userns", "1"),
    refusing("kernel/apparmor_restrict_unprivileged_userns", "0"),
    refusing("kernel/unprivileged_userns_clone", "0"),
    refusing("user/max_user_namespaces", "0"),
    refusing("", "", /*isContainer*/ true),
    repairCommand("no_namespaces_left", host()),
    repairCommand("unknown", host()),
  ]).toEqual([
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    null,
    "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    "sudo sysctl -w user.max_user_namespaces=15000",
    "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …",
    "sudo sysctl -w user.max_user_namespaces=15000",
    null,
  ]);
});
