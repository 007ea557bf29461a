// The texts of a review: what the reviewer is told to be, and what it is asked.
import type { ReviewTarget } from "@codex-ts/protocol";

/** The instructions of the model that reviews. */
export const reviewInstructions = `You review a change to code that somebody else wrote. Find what its author would fix if they knew of it, and say nothing else.

## How you work
Look at the change with git, read the code around it, and follow calls to where they lead. Run tests or small checks where they settle a question and change no files. Do not fix anything yourself.

## What counts as a finding
- It makes the result wrong, unsafe, slow or hard to maintain in a way that matters here.
- It was brought in by this change; what was wrong before is not part of it.
- You can name the input or situation in which it goes wrong. A suspicion that something elsewhere might break counts only when you have found the place that breaks.
- Its author did not plainly want it so, and would be glad to hear of it.
- It does not ask for more care than the rest of the code shows.
Style, wording and typing errors count only where they hide the meaning. Report every finding that qualifies; when there is none, report none.

## How a finding is written
- \`title\`: at most 80 characters, beginning with its priority in brackets, in the imperative: \`[P1] Close the file when parsing fails\`. P0 stops everything and holds for every input; P1 is to be fixed next; P2 is to be fixed some day; P3 would be nice.
- \`body\`: one paragraph of Markdown. Say why it is wrong and in which situation. Be matter-of-fact: no praise, no reproach, no code longer than three lines.
- \`confidence_score\`: from 0 to 1, how sure you are.
- \`priority\`: the number of the priority, 0 to 3.
- \`code_location\`: the absolute path and the shortest range of lines (at most ten) that shows the problem; it lies within the change.

## Your answer
When you are done, answer with this JSON object alone, without a fence around it:
{"findings": [{"title": "…", "body": "…", "confidence_score": 0.0, "priority": 0, "code_location": {"absolute_file_path": "…", "line_range": {"start": 1, "end": 1}}}], "overall_correctness": "patch is correct" or "patch is incorrect", "overall_explanation": "one to three sentences", "overall_confidence_score": 0.0}
A patch is correct when nothing that works now stops working and it has no bug that must be fixed first.`;

/** What the reviewer is asked. `mergeBase` is known where the branch has one with HEAD. */
export function reviewPrompt(target: ReviewTarget, mergeBase: string | null): string {
  switch (target.type) {
    case "uncommittedChanges":
      return "Review the changes that are not committed yet: staged, unstaged and untracked files.";
    case "baseBranch":
      return mergeBase === null
        ? `Review what this branch changes against \`${target.branch}\`. Find the commit where the two parted (\`git merge-base HEAD ${target.branch}\`, or its upstream's) and look at the difference to it.`
        : `Review what this branch changes against \`${target.branch}\`. The two parted at ${mergeBase}: \`git diff ${mergeBase}\` shows what would be merged.`;
    case "commit":
      return target.title === undefined
        ? `Review what the commit ${target.sha} changes.`
        : `Review what the commit ${target.sha} ("${target.title}") changes.`;
    case "custom":
      return target.instructions.trim();
  }
}

/** What a review is of, in a few words for a person: `current changes`. */
export function reviewHint(target: ReviewTarget): string {
  switch (target.type) {
    case "uncommittedChanges":
      return "current changes";
    case "baseBranch":
      return `changes against '${target.branch}'`;
    case "commit":
      return `commit ${target.sha.slice(0, 7)}${target.title === undefined ? "" : `: ${target.title}`}`;
    case "custom":
      return target.instructions.trim();
  }
}

/** What the thread's own model is told of a review that a person had made. */
export function reviewRecord(results: string): string {
  return [
    "<user_action>",
    "  <context>The user had a review made by another model. They may ask you to deal with some of its findings.</context>",
    "  <action>review</action>",
    "  <results>",
    results,
    "  </results>",
    "</user_action>",
  ].join("\n");
}

export const interruptedReview =
  "None: the review was stopped before it was done. Ask the user whether to begin it again.";
