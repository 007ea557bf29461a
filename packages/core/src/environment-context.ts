// The block that tells the model where it works.

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
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === undefined || zone === "" || zone === "UTC" ? "Etc/UTC" : zone;
}
