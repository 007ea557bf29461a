import { expect, it } from "vitest";
import { displayUrl, joinUrl } from "./url.ts";

it("joins base and path with one slash", () => {
  expect(joinUrl("https://a.test/v1", "responses")).toBe("https://a.test/v1/responses");
  expect(joinUrl("https://a.test/v1//", "/responses")).toBe("https://a.test/v1/responses");
});

it("appends query parameters sorted by name and percent-encoded", () => {
  expect(joinUrl("https://a.test", "p", { b: "x&y=z", a: "2025-04-01", "c d": "é" })).toBe(
    "https://a.test/p?a=2025-04-01&b=x%26y%3Dz&c%20d=%C3%A9",
  );
});

it("keeps a query that the base already has", () => {
  expect(joinUrl("https://a.test/v1?k=1", "p", { z: "2" })).toBe("https://a.test/v1/p?k=1&z=2");
});

it("shows a URL without user, password, query and fragment", () => {
  expect(displayUrl("https://kim:secret@a.test:8443/v1/x?key=secret#part")).toBe(
    "https://a.test:8443/v1/x",
  );
  expect(displayUrl("not a url: secret")).toBe("an invalid URL");
});
