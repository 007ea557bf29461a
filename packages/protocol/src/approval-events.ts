// Questions that a turn waits for, beside those about commands and patches, and their answers.
import type { JsonValue } from "./json.ts";
import type { PermissionProfile } from "./permissions.ts";

/** The model asks for permissions ahead of use. Answered by `request_permissions_response`. */
export interface RequestPermissionsEvent {
  readonly type: "request_permissions";
  readonly call_id: string;
  readonly turn_id: string;
  readonly reason?: string;
  readonly permissions: PermissionProfile;
}

/** What a person grants of a request; an empty profile is a refusal. */
export interface RequestPermissionsResponse {
  readonly permissions: PermissionProfile;
  /** `turn` when missing. */
  readonly scope?: "turn" | "session";
}

/** An answer to choose, and what it would mean. */
export interface RequestUserInputOption {
  readonly label: string;
  readonly description: string;
}

/** One question to the person. Clients add an answer of the person's own words when `isOther`. */
export interface RequestUserInputQuestion {
  readonly id: string;
  /** A few words, for a tab. */
  readonly header: string;
  readonly question: string;
  /** Whether an answer in the person's own words is possible. */
  readonly isOther: boolean;
  /** The answer is not to be shown while it is typed. */
  readonly isSecret: boolean;
  readonly options: readonly RequestUserInputOption[];
}

/** The model asks the person. Answered by `user_input_answer`. */
export interface RequestUserInputEvent {
  readonly type: "request_user_input";
  readonly call_id: string;
  readonly turn_id: string;
  readonly questions: readonly RequestUserInputQuestion[];
}

/** What the person chose or wrote; empty for no answer. */
export interface RequestUserInputAnswer {
  readonly answers: readonly string[];
}

/** Answers by question id. */
export interface RequestUserInputResponse {
  readonly answers: Readonly<Record<string, RequestUserInputAnswer>>;
}

/** How a reviewer in the person's place sees an action. */
export interface GuardianAssessmentEvent {
  readonly type: "guardian_assessment";
  /** Of the call that is asked about. */
  readonly id: string;
  readonly turn_id: string;
  readonly status: "in_progress" | "approved" | "denied" | "aborted";
  /** 0 to 100. */
  readonly risk_score?: number;
  readonly risk_level?: "low" | "medium" | "high";
  readonly rationale?: string;
  /** What is asked about, in short: the tool, and its command or its files. */
  readonly action: JsonValue;
}
