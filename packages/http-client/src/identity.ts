// Who we say we are: originator and User-Agent.
import { type HeaderFields, isLegalHeaderValue } from "./headers.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that replaces every other originator. */
export const originatorVariable = "CODEX_INTERNAL_ORIGINATOR_OVERRIDE";

/**
 * The originator that requests carry: the variable's, else the front end's, else `fallback`. What
 * cannot stand in a header is replaced by `fallback`.
 */
export function resolveOriginator(options: {
  readonly env: Environment;
  readonly frontEnd?: string | undefined;
  readonly fallback: string;
}): string {
  const wanted = options.env[originatorVariable] ?? options.frontEnd ?? options.fallback;
  return wanted !== "" && isLegalHeaderValue(wanted) ? wanted : options.fallback;
}

/** The terminal as the User-Agent names it, from its variables. */
export function terminalName(env: Environment): string {
  const program = env["TERM_PROGRAM"]?.trim();
  const version = env["TERM_PROGRAM_VERSION"]?.trim();
  const name = program
    ? version
      ? `${program}/${version}`
      : program
    : env["TERM"]?.trim() || "unknown";
  return name.replaceAll(/[^A-Za-z0-9\-_./]/g, "_");
}

/** What a User-Agent says of program, machine and terminal. */
export interface UserAgentParts {
  readonly originator: string;
  /** The version of the program, such as `0.1.0`. */
  readonly version: string;
  /** Such as `Debian`, `Mac OS` or `Windows`. */
  readonly osType: string;
  /** Such as `12.0.0`. */
  readonly osVersion: string;
  /** Such as `x86_64`; `unknown` when missing. */
  readonly architecture?: string | undefined;
  /** See {@link terminalName}. */
  readonly terminal: string;
  /** A client that speaks through us, such as `editor; 1.2.3`. */
  readonly suffix?: string | undefined;
}

/**
 * `<originator>/<version> (<os> <os version>; <architecture>) <terminal>`, then the suffix in
 * parentheses. Characters that cannot stand in a header become `_`.
 */
export function userAgent(parts: UserAgentParts): string {
  const { originator, version, osType, osVersion, terminal } = parts;
  const system = `${osType} ${osVersion}; ${parts.architecture || "unknown"}`;
  const suffix = parts.suffix?.trim() ?? "";
  const text = `${originator}/${version} (${system}) ${terminal}${suffix === "" ? "" : ` (${suffix})`}`;
  return text.replaceAll(/[^\x20-\x7e]/g, "_");
}

/** The headers that every request carries unless it sets them itself. */
export function identityHeaders(options: {
  readonly originator: string;
  readonly userAgent: string;
  /** Where data must stay, when a policy says so; only `us` exists. */
  readonly residency?: "us" | undefined;
}): HeaderFields {
  return {
    originator: options.originator,
    "User-Agent": options.userAgent,
    ...(options.residency === undefined
      ? {}
      : { "x-openai-internal-codex-residency": options.residency }),
  };
}
