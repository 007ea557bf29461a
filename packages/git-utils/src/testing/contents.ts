import { lstat, readFile, readdir, readlink } from "node:fs/promises";

/** Every file below the folder but git's own, as bytes in Latin-1; links as their target. */
export async function contents(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = async (folder: Buffer, shown: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: "buffer" })) {
      const name = entry.name.toString("latin1");
      if (shown === "" && name === ".git") continue;
      const path = Buffer.concat([folder, Buffer.from("/"), entry.name]);
      const label = shown === "" ? name : `${shown}/${name}`;
      if (entry.isDirectory()) await visit(path, label);
      else if (entry.isSymbolicLink()) found[label] = `-> ${await readlink(path, "latin1")}`;
      else {
        const mode = ((await lstat(path)).mode & 0o100) === 0 ? "" : "x:";
        found[label] = mode + (await readFile(path)).toString("latin1");
      }
    }
  };
  await visit(Buffer.from(root), "");
  return found;
}
