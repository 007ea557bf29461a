// The schemas of config.toml, for those who check or describe such files themselves.
import { modelProviderSchema } from "@codex-ts/model-providers/schemas";
import { z } from "zod";
import { key } from "./schema-parts.ts";
import { profileSchema, settingsSchema } from "./schema-settings.ts";
import { mcpServer } from "./schema-tables.ts";

/** `[profiles.<name>]` */
export const configProfileSchema = profileSchema;

/** `[mcp_servers.<name>]`, as written: that it has exactly one transport is checked elsewhere. */
export const mcpServerSchema = mcpServer;

/** A whole config.toml. Unknown keys are dropped. */
export const configTomlSchema = settingsSchema.extend({
  model_providers: key(z.record(z.string(), modelProviderSchema), "Model providers, by id."),
});

/** A checked config.toml, key for key. */
export type ConfigToml = z.infer<typeof configTomlSchema>;
/** A checked `[profiles.<name>]`. */
export type ConfigProfileToml = z.infer<typeof profileSchema>;
/** A checked `[mcp_servers.<name>]`, key for key. */
export type McpServerToml = z.infer<typeof mcpServer>;
