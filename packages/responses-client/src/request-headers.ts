// The headers of a request besides the provider's own.
import type { HeaderFields } from "@codex-ts/http-client";
import type { RequestAuth, RequestContext } from "./contract.ts";

export const turnStateHeader = "x-codex-turn-state";

/** JSON text in which every character may stand in a header. */
function asciiJson(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What one attempt carries; `turnState` is what the server said earlier in the same turn. */
export function requestHeaders(
  context: RequestContext,
  turnState: string | undefined,
): HeaderFields {
  const metadata = context.turnMetadata?.();
  const optional: Readonly<Record<string, string | undefined>> = {
    [turnStateHeader]: turnState,
    "x-codex-turn-metadata": metadata === undefined ? undefined : asciiJson(metadata),
    "x-codex-beta-features": context.betaFeatures,
    "x-openai-subagent": context.subagent,
  };
  const present = Object.entries(optional).filter(
    (field): field is [string, string] => field[1] !== undefined && field[1] !== "",
  );
  return {
    accept: "text/event-stream",
    "content-type": "application/json",
    session_id: context.threadId,
    "x-client-request-id": context.threadId,
    ...Object.fromEntries(present),
  };
}

export function authHeaders(auth: RequestAuth): HeaderFields {
  return {
    ...(auth.bearer === undefined ? {} : { authorization: `Bearer ${auth.bearer}` }),
    ...(auth.accountId === undefined ? {} : { "ChatGPT-Account-ID": auth.accountId }),
  };
}
