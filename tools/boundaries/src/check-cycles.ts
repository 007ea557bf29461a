// Cycles among the packages, over every kind of dependency: pnpm, turbo and tsc build in order of these edges.
import { dependencyKinds } from "./workspace.ts";
import type { Workspace, WorkspacePackage } from "./workspace.ts";
import type { Violation } from "./violation.ts";

function siblings(workspace: Workspace, from: WorkspacePackage): WorkspacePackage[] {
  const names = dependencyKinds.flatMap((kind) => Object.keys(from.manifest[kind] ?? {}));
  return names.flatMap((name) => workspace.byName.get(name) ?? []);
}

/** One violation a cycle; each package is walked once, so of cycles that share an edge one is named. */
export function checkCycles(workspace: Workspace): Violation[] {
  const violations: Violation[] = [];
  const path: WorkspacePackage[] = [];
  const done = new Set<WorkspacePackage>();

  function walk(current: WorkspacePackage): void {
    path.push(current);
    for (const next of siblings(workspace, current)) {
      const start = path.indexOf(next);
      if (start >= 0) violations.push(cycleViolation(current, next, path.slice(start)));
      else if (!done.has(next)) walk(next);
    }
    path.pop();
    done.add(current);
  }

  for (const start of workspace.packages) if (!done.has(start)) walk(start);
  return violations;
}

function cycleViolation(
  from: WorkspacePackage,
  to: WorkspacePackage,
  cycle: readonly WorkspacePackage[],
): Violation {
  const { manifestFile, manifest } = from;
  const kind = dependencyKinds.find((candidate) => manifest[candidate]?.[to.name] !== undefined);
  return {
    rule: "cycle",
    file: manifestFile.path,
    line: kind === undefined ? 1 : manifestFile.lineOf([kind, to.name]),
    problem: `a cycle: ${[...cycle, to].map(({ name }) => name).join(" → ")}`,
    wayOut: "Cut one of these edges: pass the value in, or move what both need to a lower floor",
  };
}
