// The block that tells the model where it works.

import { readlinkSync } from "node:fs";

export interface EnvironmentFacts {
  /** Left out where it did not change. */
  readonly cwd?: string | undefined;
  /** The shell's name: `bash`. */
  readonly shell: string;
  /** `YYYY-MM-DD`. */
  readonly currentDate: string;
  /** IANA name. */
  readonly timezone: string;
}

export function environmentContext(facts: EnvironmentFacts): string {
  return [
    "<environment_context>",
    ...(facts.cwd === undefined ? [] : [`  <cwd>${escapeXml(facts.cwd)}</cwd>`]),
    `  <shell>${escapeXml(facts.shell)}</shell>`,
    `  <current_date>${facts.currentDate}</current_date>`,
    `  <timezone>${escapeXml(facts.timezone)}</timezone>`,
    "</environment_context>",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The local date in a time zone as `YYYY-MM-DD`. */
export function localDate(now: Date, timezone: string): string {
  // The host's own needs none of the locale data, which cost tens of milliseconds at the first use.
  if (timezone === hostTimezone()) {
    const two = (value: number): string => String(value).padStart(2, "0");
    return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  }
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return parts.format(now);
}

/** The host's time zone as an IANA name; `Etc/UTC` where it is not known. */
export function hostTimezone(): string {
  const zone = linkedZone() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === undefined || zone === "" || zone === "UTC" ? "Etc/UTC" : zone;
}

/** The zone that the system's link names; not asked where a variable overrides it, or the system has no such link. */
function linkedZone(): string | undefined {
  if (process.env["TZ"] !== undefined || process.platform === "win32") return undefined;
  try {
    const [, zone] = readlinkSync("/etc/localtime").split("/zoneinfo/");
    return zone;
  } catch {
    return undefined;
  }
}
