import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fromAbsolute, join } from "@codex-ts/absolute-path";
import { expect, test } from "vitest";
import { canonicalize, lookedAtOnce, nodeHostFiles } from "./host-files.ts";

test.each([3, 40, 1200])(
  "looked at once, a folder of %i entries shows what it shows look by look, links above all",
  (count) => {
    const base = fromAbsolute(realpathSync(mkdtempSync(`${tmpdir()}/codex-ts-files-`)));
    try {
      const target = join(base, "target");
      mkdirSync(join(target, "inner"), { recursive: true });
      const paths = Array.from({ length: count }, (_, index) => {
        const path = join(base, `entry-${index}`);
        if (index % 4 === 0) mkdirSync(path);
        if (index % 4 === 1) symlinkSync(index % 8 === 1 ? "target" : "missing", path);
        if (index % 4 === 2) writeFileSync(path, "");
        return join(path, index % 3 === 0 ? "." : "inner");
      });
      const files = lookedAtOnce(nodeHostFiles);
      const seen = paths.map((path) => [files.kind(path), canonicalize(files, path)]);
      const again = paths.map((path) => [files.kind(path), canonicalize(files, path)]);
      const real = paths.map((path) => [
        nodeHostFiles.kind(path),
        canonicalize(nodeHostFiles, path),
      ]);
      expect(seen).toEqual(real);
      expect(again).toEqual(real);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  },
);
