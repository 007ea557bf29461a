// A transcript as one page that needs nothing else: no script, no request, light and dark.
import { escapeHtml, imageCount } from "./export-markdown.ts";
import { pageStyle } from "./export-style.ts";
import type { ToolEntry, Transcript, TranscriptEntry } from "./transcript.ts";

/**
 * One HTML document. Texts are escaped, their Markdown is rendered without raw HTML, and the page's
 * own policy forbids scripts and every request: what a model wrote cannot do anything here.
 */
export async function transcriptHtml(transcript: Transcript): Promise<string> {
  const { default: markdownIt } = await import("markdown-it");
  const renderer = markdownIt({ html: false, linkify: true });
  // An image would be a request; its text and address are shown instead.
  renderer.disable("image");
  const render = (text: string): string => renderer.render(text);
  const { meta, title, models, usage } = transcript;
  const facts: readonly (readonly [string, string])[] = [
    ["Folder", meta.cwd],
    ["Branch", meta.git?.branch ?? ""],
    ["Model", models.join(", ")],
    ["Tokens", usage === null ? "" : usage.total_tokens.toLocaleString("en")],
    ["Session", meta.id],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="when"><time datetime="${escapeHtml(meta.timestamp)}">${escapeHtml(readableTime(meta.timestamp))}</time></p>
<dl>${facts
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl>
</header>
<main>
${transcript.entries.map((entry) => entryHtml(entry, render)).join("\n")}
</main>
<footer>Exported by codex-ts</footer>
</body>
</html>
`;
}

function entryHtml(entry: TranscriptEntry, render: (text: string) => string): string {
  switch (entry.kind) {
    case "user": {
      const images = entry.images === 0 ? "" : `<p class="aside">${imageCount(entry.images)}</p>`;
      return `<section class="user">${heading("User", entry.at)}<p class="said">${escapeHtml(entry.text)}</p>${images}</section>`;
    }
    case "assistant":
      return `<section class="assistant">${heading("Assistant", entry.at)}<div class="prose">${render(entry.text)}</div></section>`;
    case "reasoning":
      return `<details class="thinking"><summary>Thinking</summary><div class="prose">${render(entry.text)}</div></details>`;
    case "tool":
      return toolHtml(entry, render);
    case "note":
      return `<p class="note"><span>${escapeHtml(entry.text)}</span></p>`;
  }
}

function toolHtml(entry: ToolEntry, render: (text: string) => string): string {
  const input =
    entry.inputLanguage === "markdown"
      ? `<div class="prose">${render(entry.input)}</div>`
      : `<pre class="input">${entry.inputLanguage === "diff" ? diffHtml(entry.input) : escapeHtml(entry.input)}</pre>`;
  const output =
    entry.output === null
      ? `<p class="aside">no output</p>`
      : `<pre class="output">${escapeHtml(entry.output.trimEnd())}</pre>`;
  return `<details class="tool"><summary><b>${escapeHtml(entry.name)}</b> <code>${escapeHtml(entry.summary)}</code></summary>${input}${output}</details>`;
}

function diffHtml(patch: string): string {
  return patch
    .split("\n")
    .map((line) => {
      const text = escapeHtml(line);
      if (line.startsWith("+")) return `<ins>${text}</ins>`;
      if (line.startsWith("-")) return `<del>${text}</del>`;
      return line.startsWith("***") || line.startsWith("@@") ? `<b>${text}</b>` : text;
    })
    .join("\n");
}

function heading(who: string, at: string): string {
  const time = at.slice(11, 16);
  return `<h2>${who} <time datetime="${escapeHtml(at)}">${escapeHtml(time)}</time></h2>`;
}

/** `4 May 2026, 08:09 UTC` */
function readableTime(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return timestamp;
  const format = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "UTC",
  });
  return `${format.format(date)} UTC`;
}
