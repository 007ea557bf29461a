// A transcript as a Markdown document.
import type { Transcript, TranscriptEntry } from "./transcript.ts";

/** One document: what was said as text, what was run folded away behind a line each. */
export function transcriptMarkdown(transcript: Transcript): string {
  const { meta, title, models, usage } = transcript;
  const facts = [
    ["Session", `\`${meta.id}\``],
    ["Started", meta.timestamp],
    ["Folder", `\`${meta.cwd}\``],
    ["Branch", meta.git?.branch === undefined ? "" : `\`${meta.git.branch}\``],
    ["Model", models.map((model) => `\`${model}\``).join(", ")],
    ["Tokens", usage === null ? "" : usage.total_tokens.toLocaleString("en")],
  ].filter(([, value]) => value !== "");
  return [
    `# ${escapeHeading(title)}`,
    facts.map(([name, value]) => `- ${name}: ${value}`).join("\n"),
    ...transcript.entries.map(entryMarkdown),
    "",
  ].join("\n\n");
}

function entryMarkdown(entry: TranscriptEntry): string {
  switch (entry.kind) {
    case "user": {
      const images = entry.images === 0 ? "" : `\n\n*${imageCount(entry.images)}*`;
      return `## User\n\n${entry.text}${images}`;
    }
    case "assistant":
      return `## Assistant\n\n${entry.text}`;
    case "reasoning":
      return folded("Thinking", entry.text);
    case "tool": {
      const input =
        entry.inputLanguage === "markdown" ? entry.input : fenced(entry.input, entry.inputLanguage);
      const output = entry.output === null ? "*no output*" : fenced(entry.output, "text");
      return folded(`${entry.name}: ${entry.summary}`, `${input}\n\n${output}`);
    }
    case "note":
      return `---\n\n*${entry.text}*`;
  }
}

function folded(summary: string, body: string): string {
  return `<details>\n<summary>${escapeHtml(summary)}</summary>\n\n${body}\n\n</details>`;
}

/** A fence that is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

export function imageCount(count: number): string {
  return count === 1 ? "1 image" : `${count} images`;
}

function escapeHeading(text: string): string {
  return text.replaceAll(/([\\`*_[\]<>#])/g, "\\$1");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
