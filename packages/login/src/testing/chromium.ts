// Headless Chromium, as the system has it.
import { spawnSync } from "node:child_process";
import type { Browser } from "playwright-core";

const programs = ["chromium", "chromium-browser", "google-chrome"];

/** The program; null when this machine has none. */
export function chromiumProgram(): string | null {
  for (const program of programs) {
    const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  return null;
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  // Its own sandbox needs rights that build machines do not give.
  return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}
