import { expect, test } from "vitest";
import { hostTimezone, localDate } from "./environment-context.ts";

/** The hours around every change of the date somewhere, in winter and in summer. */
const instants = ["2026-01-01", "2026-07-01"].flatMap((day) =>
  Array.from(
    { length: 24 },
    (_none, hour) => new Date(`${day}T${String(hour).padStart(2, "0")}:30:00Z`),
  ),
);

const byLocaleData = (now: Date, timeZone?: string): string =>
  new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(now);

test("the date of the host's own zone is the one that the locale data give", () => {
  expect(instants.map((now) => localDate(now, hostTimezone()))).toEqual(
    instants.map((now) => byLocaleData(now)),
  );
});

test("the date of another zone is that zone's", () => {
  expect(localDate(new Date("2026-01-01T11:30:00Z"), "Pacific/Kiritimati")).toBe("2026-01-02");
  expect(localDate(new Date("2026-01-01T11:30:00Z"), "Pacific/Pago_Pago")).toBe("2026-01-01");
});

test("the host's zone is one that the locale data know", () => {
  expect(() => byLocaleData(new Date(), hostTimezone())).not.toThrow();
});
