import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import nodeFs from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { editConfigFile } from "./edit-config-file.ts";
import { parseToml } from "./toml.ts";
import { makeTempHome, type TempHome } from "./testing/temp-home.ts";

let temp: TempHome;
beforeEach(async () => {
  temp = await makeTempHome();
});
afterEach(() => temp[Symbol.asyncDispose]());

const setModel = [{ set: ["model"], value: "x" }];
const read = (path: string) => nodeFs.readFile(path, "utf8");

test("a missing file and its folder are made, for the owner alone", async () => {
  const file = join(temp.root, "new/folder/config.toml");
  expect(await editConfigFile(file, setModel)).toEqual({ file, changed: true });
  expect(await read(file)).toBe('model = "x"\n');
  expect((await nodeFs.stat(file)).mode & 0o777).toBe(0o600);
  expect(await nodeFs.readdir(join(temp.root, "new/folder"))).toEqual(["config.toml"]);
});

test("what changes nothing writes nothing and makes nothing", async () => {
  const file = join(temp.root, "new/config.toml");
  expect(await editConfigFile(file, [{ clear: ["a", "b"] }])).toEqual({ file, changed: false });
  await expect(nodeFs.stat(join(temp.root, "new"))).rejects.toMatchObject({ code: "ENOENT" });
  await temp.write("home/.codex/config.toml", "model = 'x' # as it is\n");
  const { ino } = await nodeFs.stat(temp.userFile);
  expect((await editConfigFile(temp.userFile, setModel)).changed).toBe(false);
  expect((await nodeFs.stat(temp.userFile)).ino).toBe(ino);
});

test("rights, a byte order mark and line ends stay", async () => {
  await nodeFs.writeFile(temp.userFile, "\uFEFFa = 1\r\n");
  await nodeFs.chmod(temp.userFile, 0o640);
  await editConfigFile(temp.userFile, setModel);
  expect(await read(temp.userFile)).toBe('\uFEFFa = 1\r\nmodel = "x"\r\n');
  expect((await nodeFs.stat(temp.userFile)).mode & 0o777).toBe(0o640);
});

describe("symbolic links", () => {
  test("a chain of them stays, and the file at its end is written", async () => {
    const real = await temp.write("dotfiles/codex.toml", "a = 1\n");
    await nodeFs.symlink("../dotfiles/codex.toml", join(temp.root, "home/second.toml"));
    await nodeFs.symlink("../second.toml", temp.userFile);
    expect(await editConfigFile(temp.userFile, setModel)).toEqual({ file: real, changed: true });
    expect(await read(real)).toBe('a = 1\nmodel = "x"\n');
    expect(await nodeFs.readlink(temp.userFile)).toBe("../second.toml");
  });

  test("one to a file that is not there makes it", async () => {
    await nodeFs.symlink("later.toml", temp.userFile);
    await editConfigFile(temp.userFile, setModel);
    expect(await read(join(temp.codexHome, "later.toml"))).toBe('model = "x"\n');
  });

  test("a cycle is replaced by a plain file", async () => {
    await nodeFs.symlink("other.toml", temp.userFile);
    await nodeFs.symlink("config.toml", join(temp.codexHome, "other.toml"));
    await editConfigFile(temp.userFile, setModel);
    expect((await nodeFs.lstat(temp.userFile)).isFile()).toBe(true);
    expect(await read(temp.userFile)).toBe('model = "x"\n');
  });
});

describe("the file stays as it was", () => {
  test("when it is not TOML, with the place of the fault", async () => {
    await nodeFs.writeFile(temp.userFile, "a = [\n");
    const edited = editConfigFile(temp.userFile, setModel);
    await expect(edited).rejects.toMatchObject({ code: "syntax", path: temp.userFile, line: 2 });
    expect(await read(temp.userFile)).toBe("a = [\n");
  });

  test("when the key does not allow the value, which the message says", async () => {
    await nodeFs.writeFile(temp.userFile, "model = 5\n");
    const edited = editConfigFile(temp.userFile, [{ set: ["model_verbosity"], value: "loud" }]);
    await expect(edited).rejects.toMatchObject({
      code: "invalid_value",
      key: "model_verbosity",
      message: expect.stringContaining('must be one of "low", "medium", "high", not "loud"'),
    });
    expect(await read(temp.userFile)).toBe("model = 5\n");
    // What was wrong before can be mended one by one.
    await editConfigFile(temp.userFile, [{ set: ["model_verbosity"], value: "low" }]);
    await editConfigFile(temp.userFile, setModel);
    expect(await read(temp.userFile)).toBe('model = "x"\nmodel_verbosity = "low"\n');
  });

  test("when the system refuses", async () => {
    await temp.write("home/.codex/config.toml/in-the-way", "");
    const edited = editConfigFile(temp.userFile, setModel);
    await expect(edited).rejects.toMatchObject({ code: "unreadable_file" });
    const below = editConfigFile(join(temp.userFile, "in-the-way/config.toml"), setModel);
    await expect(below).rejects.toMatchObject({ code: "not_written" });
  });
});

/** A process that sets `[t] kN` for each N of a range, one edit at a time. */
async function editor(file: string, from: number, to: number): Promise<number | null> {
  const program = `
    const { editConfigFile } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    for (let n = ${from}; n < ${to}; n += 1)
      await editConfigFile(${JSON.stringify(file)}, [{ set: ["t", "k" + n], value: n }]);`;
  const child = spawn(
    process.execPath,
    [
      "--conditions=@codex-ts/source",
      "--no-warnings",
      "--input-type=module-typescript",
      "-e",
      program,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

describe("several at once", () => {
  test("editors in four processes lose no change", { timeout: 120_000 }, async () => {
    await nodeFs.writeFile(temp.userFile, "# kept\n[t]\n");
    const ranges = [0, 5, 10, 15].map((from) => editor(temp.userFile, from, from + 5));
    expect(await Promise.all(ranges)).toEqual([0, 0, 0, 0]);
    const text = await read(temp.userFile);
    const table = (await parseToml(text))["t"] as Record<string, number>;
    expect(Object.values(table).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    expect(text.startsWith("# kept\n[t]\n")).toBe(true);
    expect(await nodeFs.readdir(temp.codexHome)).toEqual(["config.toml"]);
  });

  test("what another program wrote while the change was worked out is read again", async () => {
    await nodeFs.writeFile(temp.userFile, "a = 1\n");
    let asked = 0;
    await editConfigFile(temp.userFile, (table) => {
      asked += 1;
      // The first question is before the lock, the second is the one that counts.
      if (asked === 2) appendFileSync(temp.userFile, "b = 2\n");
      return [{ set: ["c"], value: table["b"] === undefined ? 0 : 1 }];
    });
    expect(await read(temp.userFile)).toBe("a = 1\nb = 2\nc = 1\n");
  });
});
