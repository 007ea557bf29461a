// The machine as a User-Agent describes it.

/** The operating system and processor, in the words of a User-Agent. See {@link userAgent}. */
export interface HostFacts {
  /**
   * A Linux distribution's name such as `Debian`, else `Linux`, `Mac OS`, `Windows`, or Node's name
   * of the platform.
   */
  readonly osType: string;
  /** Such as `12.0.0`; `unknown` for a Linux distribution that does not say. */
  readonly osVersion: string;
  /** As `uname -m` gives it, such as `x86_64`; `unknown` when it says nothing. */
  readonly architecture: string;
}

/** What {@link hostFacts} asks the machine; another one here describes another machine. */
export interface HostFactsSource {
  readonly platform: NodeJS.Platform;
  /** The kernel's release, as `uname -r` gives it. */
  readonly release: string;
  /** As `uname -m` gives it. */
  readonly machine: string;
  /** A file's text, or null when there is none. */
  readonly readText: (path: string) => string | null;
}

/** Three numbers, as far as there are any: `12` is `12.0.0`. */
function threeNumbers(version: string): string {
  const numbers = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0].join(".");
}

/** `os-release` (5): NAME and VERSION_ID of a Linux distribution. */
function linuxFacts(text: string): { readonly osType: string; readonly osVersion: string } {
  const value = (key: string): string =>
    new RegExp(`^${key}=["']?([^"'\n]*)`, "m").exec(text)?.[1]?.trim() ?? "";
  const name = value("NAME").replace(/( GNU\/)?( ?Linux)?$/, "");
  return {
    osType: name === "" ? "Linux" : name,
    osVersion: value("VERSION_ID") === "" ? "unknown" : threeNumbers(value("VERSION_ID")),
  };
}

function nodeSource(): HostFactsSource {
  const os = process.getBuiltinModule("node:os");
  const fs = process.getBuiltinModule("node:fs");
  return {
    platform: process.platform,
    release: os.release(),
    machine: os.machine(),
    readText: (path) => {
      try {
        return fs.readFileSync(path, "utf8");
      } catch {
        return null;
      }
    },
  };
}

/** The facts of `source`, by default of this machine. */
export function hostFacts(source: HostFactsSource = nodeSource()): HostFacts {
  const { platform, release, machine, readText } = source;
  const architecture = machine === "" ? "unknown" : machine;
  if (platform === "linux") {
    const text = readText("/etc/os-release") ?? readText("/usr/lib/os-release") ?? "";
    return { ...linuxFacts(text), architecture };
  }
  if (platform === "darwin") {
    const plist = readText("/System/Library/CoreServices/SystemVersion.plist") ?? "";
    const version = /<key>ProductVersion<\/key>\s*<string>([^<]*)/.exec(plist)?.[1];
    return { osType: "Mac OS", osVersion: threeNumbers(version ?? release), architecture };
  }
  if (platform === "win32") return { osType: "Windows", osVersion: release, architecture };
  return { osType: platform, osVersion: release, architecture };
}
