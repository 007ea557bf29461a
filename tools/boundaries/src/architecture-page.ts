// The drawn part of docs/architecture.md: the packages that exist, floor by floor, and who imports whom.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rowOf } from "./floors.ts";
import type { FloorRow } from "./floors.ts";
import type { Workspace, WorkspacePackage } from "./workspace.ts";
import type { Violation } from "./violation.ts";

const pagePath = "docs/architecture.md";

const startMarker = "<!-- package graph: written by `pnpm graph` -->";
const endMarker = "<!-- end of package graph -->";

interface Node {
  readonly row: FloorRow;
  readonly imports: readonly string[];
}

function nodesOf(workspace: Workspace): Node[] {
  return workspace.packages.flatMap((found) => {
    const row = rowOf(found.folder);
    return row === undefined ? [] : [{ row, imports: importsOf(workspace, found) }];
  });
}

/** What a package's published code imports; what only its tests use is left out. */
function importsOf(workspace: Workspace, { manifest, folder }: WorkspacePackage): string[] {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest;
  const bundled = folder.startsWith("apps/") ? devDependencies : undefined;
  const names = { ...dependencies, ...peerDependencies, ...optionalDependencies, ...bundled };
  return Object.keys(names)
    .flatMap((name) => {
      const target = workspace.byName.get(name);
      const row = target === undefined ? undefined : rowOf(target.folder);
      return row === undefined ? [] : [row.name];
    })
    .toSorted();
}

const nodeId = (name: string): string => name.replaceAll(/[^a-z]/g, "_");

function diagram(nodes: readonly Node[]): string[] {
  const floors = [...new Set(nodes.map(({ row }) => row.floor))].toSorted(
    (a, b) => (b ?? 0) - (a ?? 0),
  );
  const groups = floors.flatMap((floor) => [
    floor === undefined ? "  subgraph tests [tests]" : `  subgraph floor${floor} [floor ${floor}]`,
    ...nodes
      .filter(({ row }) => row.floor === floor)
      .map(({ row }) => `    ${nodeId(row.name)}["${row.name}"]`),
    "  end",
  ]);
  const edges = nodes.flatMap(({ row, imports }) =>
    imports.map((name) => `  ${nodeId(row.name)} --> ${nodeId(name)}`),
  );
  return ["```mermaid", "flowchart TD", ...groups, ...edges, "```"];
}

function table(nodes: readonly Node[]): string[] {
  const order = nodes.toSorted((a, b) => (a.row.floor ?? Infinity) - (b.row.floor ?? Infinity));
  return [
    "| floor | package | one job | imports |",
    "| --- | --- | --- | --- |",
    ...order.map(({ row, imports }) => {
      const listed = imports.map((name) => `\`${name}\``).join(", ");
      return `| ${row.floor ?? "–"} | \`${row.name}\` | ${row.job} | ${listed === "" ? "–" : listed} |`;
    }),
  ];
}

function render(workspace: Workspace): string {
  const nodes = nodesOf(workspace);
  return [startMarker, "", ...table(nodes), "", ...diagram(nodes), "", endMarker].join("\n");
}

/** The page's text with its drawn part made anew, or `undefined` when the page or its markers are missing. */
function renewed(workspace: Workspace): { before: string; after: string } | undefined {
  const path = join(workspace.root, pagePath);
  if (!existsSync(path)) return undefined;
  const before = readFileSync(path, "utf8");
  const start = before.indexOf(startMarker);
  const end = before.indexOf(endMarker);
  if (start < 0 || end < start) return undefined;
  const after = before.slice(0, start) + render(workspace) + before.slice(end + endMarker.length);
  return { before, after };
}

const withoutMarkers = {
  rule: "stale-page",
  file: pagePath,
  line: 1,
  problem: `the page has no "${startMarker}" … "${endMarker}"`,
  wayOut: "Put both lines where the graph belongs and run `pnpm graph`",
} as const satisfies Violation;

/** Whether the page shows the graph that the manifests describe. */
export function checkArchitecturePage(workspace: Workspace): Violation[] {
  const page = renewed(workspace);
  if (page === undefined) return [withoutMarkers];
  if (page.before === page.after) return [];
  const line = page.before.slice(0, page.before.indexOf(startMarker)).split("\n").length;
  return [
    {
      rule: "stale-page",
      file: pagePath,
      line,
      problem: "the package graph is not that of the manifests",
      wayOut: "Run `pnpm graph` and commit the page",
    },
  ];
}

/** Writes the graph into the page; reports what stands in the way. */
export function writeArchitecturePage(workspace: Workspace): Violation[] {
  const page = renewed(workspace);
  if (page === undefined) return [withoutMarkers];
  if (page.before !== page.after) writeFileSync(join(workspace.root, pagePath), page.after);
  return [];
}
