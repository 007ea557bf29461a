// What the browser shows at the end of a login.

export interface SetupFacts {
  /** Whether the account's API organisation still has to be set up; then the page leads on to `url`. */
  readonly needsSetup: boolean;
  readonly url: string;
}

export interface LoginFault {
  readonly code: string | null;
  readonly message: string;
  /** What the server said of it; shown only where it helps. */
  readonly description: string | null;
}

const style = `
:root { color-scheme: light dark; --ink: #16181d; --soft: #5b6270; --paper: #f6f7f9; --card: #fff; --line: #dfe3e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceff4; --soft: #a3abba; --paper: #14161a; --card: #1d2026; --line: #333944; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(34rem, 92vw); padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
dl { margin: 1.25rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt, .help { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
a { color: inherit; }
`;

export function successPage({ needsSetup, url }: SetupFacts): string {
  if (!needsSetup) {
    return page("Signed in", "<p>You can close this page and go on in the terminal.</p>");
  }
  const link = escapeHtml(url);
  return page(
    "Signed in",
    `<p>One thing is left: set up your API organisation and add a payment method.</p>
<p class="help">You will be taken there in 3 seconds, or <a href="${link}">go there now</a>.</p>`,
    `<meta http-equiv="refresh" content="3; url=${link}">`,
  );
}

/** The administrator has not switched Codex on for the person. */
export function isEntitlementFault(code: string, description: string | null): boolean {
  return (
    code === "access_denied" &&
    (description ?? "").toLowerCase().includes("missing_codex_entitlement")
  );
}

export function faultPage({ code, message, description }: LoginFault): string {
  const isEntitlement = isEntitlementFault(code ?? "", description);
  const facts = [
    ["Error code", code ?? "unknown_error"],
    ["Details", isEntitlement || description === null ? "" : description],
  ]
    .filter(([, value]) => value !== "")
    .map(([name = "", value = ""]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join("");
  const help = isEntitlement
    ? "Ask the administrator of your workspace to give you access to Codex, then sign in again."
    : "Go back to the terminal and try again, choose another account, or ask the administrator of your workspace.";
  return page(
    isEntitlement ? "No access to Codex" : "Sign-in was not completed",
    `<p>${escapeHtml(asSentence(message))}</p><dl>${facts}</dl><p class="help">${help}</p>`,
  );
}

/** Errors begin in lower case and have no full stop, for they stand behind `Error: ` elsewhere. */
function asSentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function page(title: string, body: string, head = ""): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>${head}<style>${style}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body>
</html>
`;
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
