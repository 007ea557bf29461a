import { describe, expect, it } from "vitest";
import { hostFacts } from "./host-facts.ts";
import { identityHeaders, resolveOriginator, terminalName, userAgent } from "./identity.ts";

describe("resolveOriginator", () => {
  const fallback = "codex-ts";

  it("takes the variable before the front end before the fallback", () => {
    const env = { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "mine" };
    expect(resolveOriginator({ env, frontEnd: "tui", fallback })).toBe("mine");
    expect(resolveOriginator({ env: {}, frontEnd: "tui", fallback })).toBe("tui");
    expect(resolveOriginator({ env: {}, fallback })).toBe("codex-ts");
  });

  it("falls back when the name cannot stand in a header", () => {
    const env = { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "a\nb" };
    expect(resolveOriginator({ env, frontEnd: "tui", fallback })).toBe("codex-ts");
    expect(resolveOriginator({ env: {}, frontEnd: "", fallback })).toBe("codex-ts");
  });
});

describe("userAgent", () => {
  const parts = {
    originator: "codex-ts",
    version: "0.1.0",
    osType: "Debian",
    osVersion: "12.0.0",
    architecture: "x86_64",
    terminal: "xterm",
  };

  it("names originator, version, system, architecture and terminal", () => {
    expect(userAgent(parts)).toBe("codex-ts/0.1.0 (Debian 12.0.0; x86_64) xterm");
    expect(userAgent({ ...parts, architecture: undefined })).toBe(
      "codex-ts/0.1.0 (Debian 12.0.0; unknown) xterm",
    );
  });

  it("ends with a trimmed suffix, when there is one", () => {
    expect(userAgent({ ...parts, suffix: " editor; 1.2 " })).toBe(
      "codex-ts/0.1.0 (Debian 12.0.0; x86_64) xterm (editor; 1.2)",
    );
    expect(userAgent({ ...parts, suffix: "  " })).toBe(userAgent(parts));
  });

  it("writes characters that cannot stand in a header as underscores", () => {
    expect(userAgent({ ...parts, suffix: "bad\r\nsuffix\0é" })).toBe(
      "codex-ts/0.1.0 (Debian 12.0.0; x86_64) xterm (bad__suffix__)",
    );
  });
});

describe("terminalName", () => {
  it("prefers the program to the kind", () => {
    expect(
      terminalName({ TERM_PROGRAM: "iTerm.app", TERM_PROGRAM_VERSION: "3.5", TERM: "x" }),
    ).toBe("iTerm.app/3.5");
    expect(terminalName({ TERM_PROGRAM: "vscode", TERM: "x" })).toBe("vscode");
    expect(terminalName({ TERM: "xterm-256color" })).toBe("xterm-256color");
    expect(terminalName({})).toBe("unknown");
  });

  it("keeps letters, digits and a few signs", () => {
    expect(terminalName({ TERM_PROGRAM: "My Term (beta)" })).toBe("My_Term__beta_");
  });
});

describe("identityHeaders", () => {
  it("adds the residency only when there is one", () => {
    expect(identityHeaders({ originator: "o", userAgent: "u", residency: "us" })).toEqual({
      originator: "o",
      "User-Agent": "u",
      "x-openai-internal-codex-residency": "us",
    });
    expect(identityHeaders({ originator: "o", userAgent: "u" })).toEqual({
      originator: "o",
      "User-Agent": "u",
    });
  });
});

describe("hostFacts", () => {
  const source = { release: "6.1.0", machine: "x86_64", readText: () => null };

  it("reads a Linux distribution's name and version", () => {
    const readText = (path: string) =>
      path === "/etc/os-release"
        ? 'PRETTY_NAME="x"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        : null;
    expect(hostFacts({ ...source, platform: "linux", readText })).toEqual({
      osType: "Debian",
      osVersion: "12.0.0",
      architecture: "x86_64",
    });
    expect(hostFacts({ ...source, platform: "linux" })).toEqual({
      osType: "Linux",
      osVersion: "unknown",
      architecture: "x86_64",
    });
  });

  it("reads the product version of macOS", () => {
    const readText = () => "<key>ProductVersion</key>\n\t<string>14.5</string>";
    expect(hostFacts({ ...source, platform: "darwin", machine: "arm64", readText })).toEqual({
      osType: "Mac OS",
      osVersion: "14.5.0",
      architecture: "arm64",
    });
  });

  it("takes the release elsewhere", () => {
    expect(hostFacts({ ...source, platform: "win32", release: "10.0.19045" })).toEqual({
      osType: "Windows",
      osVersion: "10.0.19045",
      architecture: "x86_64",
    });
    expect(hostFacts({ ...source, platform: "freebsd", machine: "" })).toEqual({
      osType: "freebsd",
      osVersion: "6.1.0",
      architecture: "unknown",
    });
  });

  it("describes this machine without being told how", () => {
    expect(hostFacts().architecture).toMatch(/^[\w-]+$/);
  });
});
