import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const pages = globSync(["*.md", "docs/**/*.md", "{packages,apps,tools,examples}/**/*.md"], {
  cwd: root,
  exclude: (name) => ["node_modules", "dist", "fixtures"].includes(name),
});

/** Targets of Markdown links that are files of the repository. */
function fileLinks(page: string): readonly string[] {
  const text = readFileSync(join(root, page), "utf8")
    .replaceAll(/^```[^]*?^```$/gm, "")
    .replaceAll(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) =>
    /^([a-z]+:|#)/.test(target) ? [] : [target.replace(/#.*$/, "")],
  );
}

test("every link to a file leads to one", () => {
  const broken = pages.flatMap((page) =>
    fileLinks(page)
      .filter((target) => !existsSync(resolve(root, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
