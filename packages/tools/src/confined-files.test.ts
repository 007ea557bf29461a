import { link, mkdir, readFile, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { type AbsolutePath, isInside } from "@codex-ts/absolute-path";
import { applyPlan, localFiles, parsePatch, planPatch } from "@codex-ts/apply-patch";
import { temporaryDirectory } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import { confinedFiles } from "./confined-files.ts";

const update = parsePatch(
  "*** Begin Patch\n*** Update File: sub/a.txt\n@@\n-old\n+new\n*** End Patch",
);
const add = parsePatch("*** Begin Patch\n*** Add File: sub/new/b.txt\n+b\n*** End Patch");

/** A work folder that may be written, beside one that may not. */
async function twoFolders() {
  const folder = await temporaryDirectory();
  await folder.write({ "work/sub/a.txt": "old\n", "outside/a.txt": "old\n" });
  const work = folder.join("work");
  const files = confinedFiles((path: AbsolutePath) => isInside(path, work));
  return {
    folder,
    work,
    files,
    outside: folder.join("outside"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("confinedFiles", () => {
  test("lets a patch through that stays inside", async () => {
    await using place = await twoFolders();
    await applyPlan(await planPatch(update, place.work, localFiles()), place.files);
    await applyPlan(await planPatch(add, place.work, localFiles()), place.files);
    expect(await readFile(place.folder.join("work/sub/a.txt"), "utf8")).toBe("new\n");
    expect(await readFile(place.folder.join("work/sub/new/b.txt"), "utf8")).toBe("b\n");
    expect(await readdir(place.folder.join("work/sub"))).toEqual(["a.txt", "new"]);
  });

  test("refuses paths that may not be written", async () => {
    await using place = await twoFolders();
    const plan = await planPatch(
      parsePatch("*** Begin Patch\n*** Add File: ../outside/b.txt\n+b\n*** End Patch"),
      place.work,
      localFiles(),
    );
    await expect(applyPlan(plan, place.files)).rejects.toMatchObject({ code: "write_failed" });
    expect(await readdir(place.outside)).toEqual(["a.txt"]);
  });

  test("refuses a folder that has become a symbolic link since the patch was judged", async () => {
    await using place = await twoFolders();
    const plans = [
      await planPatch(update, place.work, localFiles()),
      await planPatch(add, place.work, localFiles()),
    ];
    await rename(place.folder.join("work/sub"), place.folder.join("work/moved"));
    await symlink(place.outside, place.folder.join("work/sub"));
    for (const plan of plans) {
      await expect(applyPlan(plan, place.files)).rejects.toMatchObject({ code: "write_failed" });
    }
    expect(await readdir(place.outside)).toEqual(["a.txt"]);
    expect(await readFile(place.folder.join("outside/a.txt"), "utf8")).toBe("old\n");
  });

  test("a hard link is cut, not written through", async () => {
    await using place = await twoFolders();
    await mkdir(place.folder.join("work/other"));
    const linked = place.folder.join("work/other/a.txt");
    await link(place.folder.join("outside/a.txt"), linked);
    const plan = await planPatch(
      parsePatch("*** Begin Patch\n*** Update File: other/a.txt\n@@\n-old\n+new\n*** End Patch"),
      place.work,
      localFiles(),
    );
    await applyPlan(plan, place.files);
    expect(await readFile(linked, "utf8")).toBe("new\n");
    expect(await readFile(place.folder.join("outside/a.txt"), "utf8")).toBe("old\n");
  });

  test("overwriting in place refuses files with other names, and links", async () => {
    await using place = await twoFolders();
    const [one, two, alias] = ["one", "two", "alias"].map((name) =>
      place.folder.join(`work/${name}`),
    );
    if (one === undefined || two === undefined || alias === undefined) throw new Error("no paths");
    await writeFile(one, "1");
    await place.files.overwrite(one, Buffer.from("2"));
    expect(await readFile(one, "utf8")).toBe("2");
    await link(one, two);
    await symlink("one", alias);
    await expect(place.files.overwrite(one, Buffer.from("3"))).rejects.toMatchObject({
      code: "EACCES",
    });
    await expect(place.files.overwrite(alias, Buffer.from("3"))).rejects.toMatchObject({
      code: "ELOOP",
    });
    expect(await readFile(one, "utf8")).toBe("2");
  });
});
