// Tells the question of a completion script from a command line of a person.

/** Whether a command line is such a question. It is not for people, so no help names it. */
export function asksForCandidates(args: readonly string[]): boolean {
  return args[0] === "completion" && args[1] === "--candidates";
}
