/** Tells the model of AGENTS.md files that it may come across; for the feature `child_agents_md`. */
export const nestedAgentsMd = `More files named AGENTS.md (or AGENTS.override.md) may lie in other folders. They hold guidance that people wrote for work on the files there.
- Such a file rules the folder that it lies in and everything below, and nothing else.
- Before you change a file, look for an AGENTS.md in its folder and in those above it that you have not read yet.
- Where two of them disagree, the deeper one counts.
- What the user, the developer or the system says directly counts more than any such file.`;
