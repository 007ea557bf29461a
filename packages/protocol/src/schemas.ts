// What crosses a border (the network, a session file) is decoded here into the types of this package.
import type { EventMsg } from "./event.ts";
import type { AskForApproval, SandboxPolicy } from "./policy.ts";
import type { ResponseItem } from "./response-item.ts";
import type { RolloutLine } from "./rollout-line.ts";
import type { TokenUsage } from "./usage.ts";
import type { UserInput } from "./user-input.ts";
import { decoder } from "./field-reader.ts";
import { responseItem } from "./response-item-reader.ts";
import { userInput } from "./user-input-reader.ts";
import { tokenUsage } from "./usage-reader.ts";
import { askForApproval, sandboxPolicy } from "./policy-reader.ts";
import { eventMsg } from "./event-reader.ts";
import { rolloutLine } from "./rollout-line-reader.ts";

/**
 * Decodes an item of a response's output or of a session file. A kind that this version does not know
 * becomes `{ type: "other" }`; a known kind without what it needs gives null. Only the fields of the
 * type are kept, in its order.
 */
export const decodeResponseItem: (value: unknown) => ResponseItem | null = decoder(responseItem);

/** Decodes one part of what a person hands to a turn; null for what is not one. */
export const decodeUserInput: (value: unknown) => UserInput | null = decoder(userInput);

/** Decodes a token count as session files hold it; a missing number is 0. */
export const decodeTokenUsage: (value: unknown) => TokenUsage | null = decoder(tokenUsage);

/** Decodes an approval policy as session files and clients carry it. */
export const decodeAskForApproval: (value: unknown) => AskForApproval | null =
  decoder(askForApproval);

/** Decodes a sandbox policy as session files and clients carry it. */
export const decodeSandboxPolicy: (value: unknown) => SandboxPolicy | null = decoder(sandboxPolicy);

/**
 * Decodes an event of one of the kinds that session files hold. The fields that a reader of files
 * relies on are checked, missing ones are filled in, and everything else stays as it was written.
 */
export const decodeEventMsg: (value: unknown) => EventMsg | null = decoder(eventMsg);

/**
 * Decodes one parsed line of a session file; null for a line of a kind, or with an event, that this
 * version does not know, and for one that lacks what its kind needs. Such a line is skipped by who
 * reads the file.
 */
export const decodeRolloutLine: (value: unknown) => RolloutLine | null = decoder(rolloutLine);
