// What a review looks at, and the words for it in the head of a run.
import type { ReviewTarget } from "@codex-ts/protocol";
import { Failure } from "../failure.ts";
import type { ReviewChoice } from "../review-grammar.ts";

/**
 * The target of a choice; `readInstructions` is asked only where the person describes it.
 *
 * @throws Failure when nothing is chosen.
 */
export async function reviewTarget(
  choice: ReviewChoice,
  prompt: string | undefined,
  readInstructions: () => Promise<string>,
): Promise<ReviewTarget> {
  switch (choice.of) {
    case "uncommitted":
      return { type: "uncommittedChanges" };
    case "branch":
      return { type: "baseBranch", branch: choice.branch };
    case "commit": {
      const { sha, title } = choice;
      return { type: "commit", sha, ...(title === undefined ? {} : { title }) };
    }
    case "instructions": {
      if (prompt === undefined) {
        throw new Failure(
          "what is to be reviewed? Give --uncommitted, --base BRANCH or --commit SHA, or say it in a PROMPT",
        );
      }
      const instructions = (await readInstructions()).trim();
      if (instructions === "") throw new Failure("the instructions for the review are empty");
      return { type: "custom", instructions };
    }
  }
}
