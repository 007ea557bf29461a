// What a policy denies stays unread by every tool that reads files: by name, by pattern, through links.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { Transformer } from "@napi-rs/image";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import { temporaryDirectory } from "@codex-ts/test-support";
import { createRulebook } from "@codex-ts/exec-policy";
import { afterAll, describe, expect, test } from "vitest";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { createExecCommandTool } from "./exec-command.ts";
import { createListDirTool } from "./list-dir.ts";
import { localTestEnvironment, type TestTurn, testTurn } from "./tool-context.fixture.ts";
import { createViewImageTool } from "./view-image.ts";

const local = await localTestEnvironment();
afterAll(() => local[Symbol.asyncDispose]());
const { step } = await local.environment.sandboxReport();

const image = await Transformer.fromRgbaPixels(Buffer.alloc(4), 1, 1).png();
const viewImage = createViewImageTool({ originalDetail: false });
const listDir = createListDirTool();
const exec = createExecCommandTool({
  rules: createRulebook(),
  allowLoginShell: false,
  additionalPermissions: false,
  approveInside: false,
});
const applyPatch = createApplyPatchTool({ form: "freeform" });

/** A workspace that may be read and written, but for the folder `secret` and every `.env`. */
async function guardedTurn(): Promise<TestTurn> {
  const folder = await temporaryDirectory();
  await folder.write({
    "secret/key.txt": "the secret\n",
    "secret/image.png": image,
    "app/.env": "TOKEN=the secret\n",
    "app/image.png": image,
    "app/main.txt": "text\n",
  });
  await symlink("secret", folder.join("way"));
  await symlink("../secret/key.txt", folder.join("app/link.txt"));
  await symlink("../secret/image.png", folder.join("app/link.png"));
  const fileSystem: FileSystemSandboxPolicy = {
    kind: "restricted",
    entries: [
      { path: { type: "special", value: { kind: "root" } }, access: "read" },
      { path: { type: "path", path: folder.path }, access: "write" },
      { path: { type: "path", path: folder.join("secret") }, access: "none" },
      { path: { type: "glob_pattern", pattern: "**/.env" }, access: "none" },
    ],
  };
  return testTurn(folder, {
    environment: local.environment,
    sandboxPolicy: { type: "workspace-write" },
    fileSystem,
  });
}

const patch = (...lines: readonly string[]) =>
  ({ kind: "custom", input: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") }) as const;

const refusal = (path: string): string => `the sandbox policy does not let \`${path}\` be read`;

describe("a denied path", () => {
  test.each(["secret/image.png", "way/image.png", "app/link.png"])(
    "view_image shows nothing of %s",
    async (path) => {
      await using turn = await guardedTurn();
      expect(await turn.run(viewImage, { path })).toBe(refusal(turn.folder.join(path)));
      expect(turn.events).toEqual([]);
      expect(await turn.run(viewImage, { path: "app/image.png" })).toMatchObject([
        { type: "input_image" },
      ]);
    },
  );

  test("list_dir does not list it, asked for or on the way down", async () => {
    await using turn = await guardedTurn();
    const list = (path: string) => turn.run(listDir, { dir_path: turn.folder.join(path) });
    expect(await list("secret")).toBe(refusal(turn.folder.join("secret")));
    expect(await list("way")).toBe(refusal(turn.folder.join("way")));
    expect(await turn.run(listDir, { dir_path: turn.folder.path, depth: 9 })).toBe(
      [
        `Absolute path: ${turn.folder.path}`,
        "app/",
        "  .env",
        "  image.png",
        "  link.png@",
        "  link.txt@",
        "  main.txt",
        "secret/",
        "way@",
      ].join("\n"),
    );
  });

  test.each([
    ["an update", "secret/key.txt", ["*** Update File: secret/key.txt", "@@", "-x", "+y"]],
    ["a move out", "secret/key.txt", ["*** Update File: secret/key.txt", "*** Move to: out.txt"]],
    ["an update of what a pattern names", "app/.env", ["*** Update File: app/.env", "@@", "-x"]],
    ["a deletion", "secret/key.txt", ["*** Delete File: secret/key.txt"]],
    ["an update through a link", "secret/key.txt", ["*** Update File: app/link.txt", "@@", "-x"]],
    ["an overwriting addition", "secret/key.txt", ["*** Add File: secret/key.txt", "+x"]],
  ])(
    "is closed to %s by a patch, which changes nothing and asks nobody",
    async (_, path, lines) => {
      await using turn = await guardedTurn();
      const output = await turn.run(
        applyPatch,
        patch("*** Add File: app/new.txt", "+new", ...lines),
      );
      expect(output).toBe(refusal(turn.folder.join(path)));
      expect([turn.events, turn.questions]).toEqual([[], []]);
      await expect(readFile(turn.folder.join("app/new.txt"))).rejects.toMatchObject({
        code: "ENOENT",
      });
      expect(await readFile(turn.folder.join("secret/key.txt"), "utf8")).toBe("the secret\n");
    },
  );

  test("is closed to a patch that came through a shell command", async () => {
    await using turn = await guardedTurn();
    const heredoc = `apply_patch <<'EOF'\n${patch("*** Delete File: secret/key.txt").input}\nEOF`;
    expect(await turn.run(exec, { cmd: heredoc })).toBe(
      refusal(turn.folder.join("secret/key.txt")),
    );
  });

  test.skipIf(step !== "bwrap")("is closed to commands", async () => {
    await using turn = await guardedTurn();
    const output = await turn.run(exec, {
      cmd: "cat app/main.txt; cat secret/key.txt app/.env way/key.txt app/link.txt",
    });
    expect(output).toContain("text\n");
    expect(output).not.toContain("the secret");
  });

  test("stays closed while links on the way are swapped", async () => {
    await using turn = await guardedTurn();
    const at = (name: string) => turn.folder.join(name);
    await mkdir(at("open"));
    // Unlike the denied one, so that it shows which of them was read.
    const other = await Transformer.fromRgbaPixels(Buffer.alloc(16), 2, 2).png();
    await writeFile(at("open/image.png"), other);
    // What the name leads to changes all the time, between what may be read and what may not.
    const swap = `
      const { renameSync, symlinkSync } = require("node:fs");
      for (;;) for (const target of ["secret", "open"]) {
        symlinkSync(target, "next");
        renameSync("next", "door");
      }`;
    const swapper = spawn(process.execPath, ["-e", swap], { cwd: turn.folder.path });
    const seen = new Set<string>();
    for (let round = 0; round < 1000; round += 1) {
      const output = await turn.run(viewImage, { path: "door/image.png" });
      seen.add(typeof output === "string" ? output : JSON.stringify(output));
    }
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
    const open = `data:image/png;base64,${other.toString("base64")}`;
    const isExpected = (text: string): boolean =>
      text.includes(open) || /does not let|ENOENT|ESTALE/.test(text);
    expect([...seen].filter((text) => !isExpected(text))).toEqual([]);
  });
});
