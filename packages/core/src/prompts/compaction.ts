// The texts of a compaction: what the model is asked for, and how its answer is introduced later.

/** The last message of the request for a summary. */
export const compactionPrompt = `The context of this thread is nearly full, so this is a checkpoint. Write a hand-off summary for another model that will go on with the work and sees only what you write and some of the user's messages. Include:

- what has been done so far, and the decisions that were taken and why;
- constraints and preferences that the user has stated;
- what remains to be done, as clear next steps;
- data, file paths, commands and references that are needed to go on.

Be concise and structured. Write only the summary.`;

/** Stands before the summary; a message that begins so is a summary and no person's words. */
export const summaryPrefix =
  "Another model began this task and left the summary below. The work that its tools did is still there, in files and in running processes. Build on it and do not repeat it. The summary:";

/** Whether a message's text is a summary that this program introduced. */
export function isSummaryText(text: string): boolean {
  return text.startsWith(`${summaryPrefix}\n`);
}
