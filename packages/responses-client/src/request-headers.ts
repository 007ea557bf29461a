// The headers of a request besides the provider's own: the same for HTTP and for a handshake.
import type { HeaderFields } from "@codex-ts/http-client";
import type { RequestAuth, SessionContext } from "./contract.ts";

export const turnStateHeader = "x-codex-turn-state";
export const turnMetadataField = "x-codex-turn-metadata";

/** JSON text in which every character may stand in a header. */
function asciiJson(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export interface TurnHeaders {
  /** What the server said earlier in the same turn. */
  readonly turnState: string | undefined;
  readonly turnMetadata: string | undefined;
}

/** What one attempt carries. */
export function requestHeaders(context: SessionContext, turn: TurnHeaders): HeaderFields {
  const { turnState, turnMetadata } = turn;
  const optional: Readonly<Record<string, string | undefined>> = {
    [turnStateHeader]: turnState,
    [turnMetadataField]: turnMetadata === undefined ? undefined : asciiJson(turnMetadata),
    "x-codex-beta-features": context.betaFeatures,
    "x-openai-subagent": context.subagent,
  };
  const present = Object.entries(optional).filter(
    (field): field is [string, string] => field[1] !== undefined && field[1] !== "",
  );
  return {
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
