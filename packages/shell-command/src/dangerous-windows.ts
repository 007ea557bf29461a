// What Windows adds to the dangerous commands. Scripts of PowerShell and cmd are only split at blanks
// and operators, so this is a best effort.
import { parsePowerShellCall, shellKindOf } from "./shells.ts";

const urlPattern = /^["'(]*https?:\/\//i;
const openers = new Set("start start-process saps invoke-item ii explorer mshta".split(" "));
const browsers = new Set("brave chrome chromium firefox iexplore msedge opera".split(" "));
const removers = new Set("remove-item ri rm del erase rd rmdir".split(" "));

/** Whether a command deletes by force with PowerShell or cmd, or opens a URL. */
export function isDangerousOnWindows(argv: readonly string[]): boolean {
  const [program = "", ...args] = argv;
  const script = parsePowerShellCall(argv);
  if (script !== null) return segments(script).some(isDangerousSegment);
  if (shellKindOf(program.toLowerCase()) === "cmd") {
    const flag = args.findIndex((arg) => /^\/[ck]$/i.test(arg));
    return flag !== -1 && segments(args.slice(flag + 1).join(" ")).some(isDangerousSegment);
  }
  return isDangerousSegment(argv);
}

function segments(script: string): string[][] {
  return script
    .split(/[;&|\n{}]+/)
    .map((segment) => segment.split(/\s+/).filter((word) => word !== ""));
}

function isDangerousSegment(words: readonly string[]): boolean {
  const [program = "", ...args] = words;
  const name = program
    .slice(program.lastIndexOf("\\") + 1)
    .replaceAll(/^["'(]+|["')]+$/g, "")
    .replace(/\.(?:exe|cmd|bat|com)$/i, "")
    .toLowerCase();
  const flags = new Set(args.map((arg) => arg.toLowerCase()));
  const opensUrl = args.some((arg) => urlPattern.test(arg));
  if (opensUrl && (openers.has(name) || browsers.has(name))) return true;
  if (name === "rundll32" && args.some((arg) => /url\.dll,fileprotocolhandler/i.test(arg)))
    return true;
  if (words.some((word) => /shellexecute/i.test(word)) && /https?:\/\//i.test(words.join(" ")))
    return true;
  if (!removers.has(name)) return false;
  if (flags.has("-force") || flags.has("/f")) return true;
  return (name === "rd" || name === "rmdir") && flags.has("/s") && flags.has("/q");
}
