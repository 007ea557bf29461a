// How a model is told to write down permissions.
import type { ToolSchema } from "@codex-ts/protocol";
import { objectSchema } from "./function-spec.ts";

/** The schema of a permission profile. */
export function permissionsSchema(): ToolSchema {
  const paths = (description: string): ToolSchema => ({
    type: "array",
    items: { type: "string" },
    description,
  });
  return objectSchema({
    network: objectSchema({
      enabled: { type: "boolean", description: "True to use the network." },
    }),
    file_system: objectSchema({
      read: paths("Files and folders to read."),
      write: paths("Files and folders to write."),
    }),
  });
}
