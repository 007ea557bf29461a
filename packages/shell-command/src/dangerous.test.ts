import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isDangerousCommand, joinWords } from "./index.ts";

const { dangerous, harmless } = JSON.parse(
  readFileSync(new URL("../fixtures/dangerous.json", import.meta.url), "utf8"),
) as { readonly dangerous: readonly string[][]; readonly harmless: readonly string[][] };

const linux = { platform: "linux" } as const;

test.each(dangerous.map((argv) => ({ argv, line: joinWords(argv) })))(
  "dangerous: $line",
  ({ argv }) => {
    expect(isDangerousCommand(argv, linux)).toBe(true);
  },
);

test.each(harmless.map((argv) => ({ argv, line: joinWords(argv) })))(
  "not dangerous: $line",
  ({ argv }) => {
    expect(isDangerousCommand(argv, linux)).toBe(false);
  },
);

test("scripts nested without end are given up, not followed for ever", () => {
  let script = "rm -rf x";
  for (let depth = 0; depth < 40; depth += 1) script = `eval ${script}`;
  expect(isDangerousCommand(["bash", "-c", script], linux)).toBe(false);
  expect(isDangerousCommand(["bash", "-c", "$(".repeat(5_000)], linux)).toBe(false);
});

test.each([
  [["powershell", "-Command", "Remove-Item -Recurse -Force x"]],
  [["pwsh", "-NoProfile", "-Command", "cd x; ri y -force"]],
  [["powershell.exe", "-Command", "Start-Process https://example.com"]],
  [["pwsh", "-c", "Invoke-Item 'https://example.com'"]],
  [["pwsh", "-c", "(New-Object -ComObject Shell.Application).ShellExecute('https://e.com')"]],
  [["cmd", "/c", "del /f x"]],
  [["cmd.exe", "/C", "cd x && rd /s /q y"]],
  [["cmd", "/c", "echo a&rmdir /Q /S y"]],
  [["cmd", "/c", "start https://example.com"]],
  [["explorer.exe", "https://example.com"]],
  [["C:\\Program Files\\Mozilla Firefox\\firefox.exe", "https://example.com"]],
  [["mshta", "https://example.com"]],
  [["rundll32", "url.dll,FileProtocolHandler", "https://example.com"]],
])("dangerous on Windows: %j", (argv) => {
  expect(isDangerousCommand(argv, { platform: "win32" })).toBe(true);
  expect(isDangerousCommand(argv, linux)).toBe(false);
});

test.each([
  [["powershell", "-Command", "Remove-Item x"]],
  [["powershell", "-Command", "Remove-Item x; Copy-Item a b -Force"]],
  [["cmd", "/c", "del x"]],
  [["cmd", "/c", "rd /s y"]],
  [["cmd", "/c", "start notepad"]],
  [["explorer", "."]],
])("not dangerous on Windows: %j", (argv) => {
  expect(isDangerousCommand(argv, { platform: "win32" })).toBe(false);
});
