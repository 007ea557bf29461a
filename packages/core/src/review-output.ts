// What a reviewer answered: read from its last message, and written for a person.
import type { ReviewFinding, ReviewOutput } from "@codex-ts/protocol";

/** Reads the answer. What holds no review in the form that was asked for counts as an explanation. */
export function parseReviewOutput(text: string): ReviewOutput {
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  const candidates = start === -1 || end < start ? [text] : [text, text.slice(start, end + 1)];
  for (const candidate of candidates) {
    const output = outputOf(parseJson(candidate));
    if (output !== null) return output;
  }
  return {
    findings: [],
    overall_correctness: "",
    overall_explanation: text,
    overall_confidence_score: 0,
  };
}

/** The review as a person, and the thread's model, read it. */
export function renderReview({ findings, overall_explanation }: ReviewOutput): string {
  const explanation = overall_explanation.trim();
  const parts = explanation === "" ? [] : [explanation];
  if (findings.length > 0) {
    parts.push(findings.length === 1 ? "Review comment:" : "Review comments:");
    parts.push(...findings.map(renderFinding));
  }
  return parts.length === 0 ? "The reviewer found nothing to remark." : parts.join("\n\n");
}

function renderFinding({ title, body, code_location }: ReviewFinding): string {
  const { absolute_file_path: path, line_range } = code_location;
  const indented = body.split("\n").map((line) => `  ${line}`.trimEnd());
  return [`- ${title} — ${path}:${line_range.start}-${line_range.end}`, ...indented].join("\n");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function outputOf(value: unknown): ReviewOutput | null {
  if (!isObject(value) || !Array.isArray(value["findings"])) return null;
  const findings = value["findings"].map(findingOf);
  if (findings.includes(null)) return null;
  return {
    findings: findings.filter((finding) => finding !== null),
    overall_correctness: textOf(value["overall_correctness"]),
    overall_explanation: textOf(value["overall_explanation"]),
    overall_confidence_score: numberOf(value["overall_confidence_score"]),
  };
}

function findingOf(value: unknown): ReviewFinding | null {
  if (!isObject(value) || typeof value["title"] !== "string") return null;
  const location = value["code_location"];
  const range = isObject(location) ? location["line_range"] : undefined;
  if (!isObject(location) || !isObject(range)) return null;
  const start = numberOf(range["start"]);
  return {
    title: value["title"],
    body: textOf(value["body"]),
    confidence_score: numberOf(value["confidence_score"]),
    priority: numberOf(value["priority"]),
    code_location: {
      absolute_file_path: textOf(location["absolute_file_path"]),
      line_range: { start, end: Math.max(start, numberOf(range["end"])) },
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
