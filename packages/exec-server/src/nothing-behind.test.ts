// What is left of a thousand commands: nothing.
import { readdirSync, readFileSync } from "node:fs";
import nodePath from "node:path";
import { describe, expect, test } from "vitest";
import { eventually, kinds, makeEnvironment } from "./test-environment.fixture.ts";

const descriptors = (): number => readdirSync("/proc/self/fd").length;

/** Our children that have not been collected, whatever their state. */
function children(): readonly string[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      return parent === String(process.pid) ? [name] : [];
    } catch {
      return [];
    }
  });
}

const commands = 1000;
const atOnce = 20;

describe.skipIf(process.platform !== "linux").each(kinds)("%s", (kind) => {
  test(
    "after a thousand commands no descriptor, process or mount point is left",
    { timeout: 300_000 },
    async () => {
      await using made = makeEnvironment(kind);
      const run = async (): Promise<number> => {
        await using running = await made.environment.start(
          made.request(["sh", "-c", "sleep 100 & echo x >&2; kill $!"]),
        );
        running.onOutput(() => {});
        return (await running.closed).exitCode;
      };
      const batch = (): Promise<readonly number[]> =>
        Promise.all(Array.from({ length: atOnce }, run));
      await batch();
      await eventually(() => children().length <= 1);
      const before = { descriptors: descriptors(), children: children().length };
      const codes = new Set<number>();
      for (let done = 0; done < commands; done += atOnce) {
        for (const code of await batch()) codes.add(code);
      }
      expect([...codes]).toEqual([0]);
      await eventually(() => children().length <= before.children);
      // One that was there before may have gone by now.
      expect(children().length).toBeLessThanOrEqual(before.children);
      expect(descriptors()).toBe(before.descriptors);
      expect(readdirSync(made.cwd)).toEqual([]);
      const notes = nodePath.join(made.cwd, "../home/tmp/mount-points");
      expect(kind === "bwrap" ? readdirSync(notes) : []).toEqual([]);
    },
  );
});
