import { checkArchitecturePage } from "./architecture-page.ts";
import { checkCycles } from "./check-cycles.ts";
import { checkEdges, checkRows } from "./check-edges.ts";
import { checkReferences } from "./check-references.ts";
import { checkShape } from "./check-shape.ts";
import type { Violation } from "./violation.ts";
import type { Workspace } from "./workspace.ts";

/** Every rule of the house that concerns packages, over the whole workspace; an empty list is a clean house. */
export function checkWorkspace(workspace: Workspace): Violation[] {
  return [
    ...checkRows(workspace),
    ...checkShape(workspace),
    ...checkEdges(workspace),
    ...checkCycles(workspace),
    ...checkReferences(workspace),
    ...checkArchitecturePage(workspace),
  ];
}
