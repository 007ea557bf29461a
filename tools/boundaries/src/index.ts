export { checkWorkspace } from "./check-workspace.ts";
export { type FloorRow, floorRows, rowOf } from "./floors.ts";
export { type Rule, type Violation, formatViolation } from "./violation.ts";
export { type Workspace, type WorkspacePackage, readWorkspace } from "./workspace.ts";
