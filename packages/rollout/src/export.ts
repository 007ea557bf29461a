// Transcripts as documents; a face of its own, since it brings a Markdown renderer along.
export { transcriptHtml } from "./export-html.ts";
export { transcriptMarkdown } from "./export-markdown.ts";
