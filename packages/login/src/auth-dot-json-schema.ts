import { z } from "zod";
import type { AuthDotJson } from "./auth-dot-json.ts";

const tokensSchema = z.looseObject({
  id_token: z.string(),
  access_token: z.string(),
  refresh_token: z.string(),
  account_id: z.string().nullish(),
});

/** `auth.json`; unknown keys are kept. */
export const authDotJsonSchema = z.looseObject({
  auth_mode: z.enum(["apikey", "chatgpt", "chatgptAuthTokens"]).nullish(),
  OPENAI_API_KEY: z.string().nullish(),
  tokens: tokensSchema.nullish(),
  last_refresh: z.iso.datetime({ offset: true }).nullish(),
}) satisfies z.ZodType<AuthDotJson>;
