// What long help and the manual say behind the flags of a command.

export const WHY_EXAMPLES = `
Nothing is run, asked or written.

Examples:
  codex-ts why -- git push --force
  codex-ts why --json -- 'cargo test && rm -rf target'
  codex-ts why -a untrusted -s read-only -- npm install`;

export const DOCTOR_NOTES = `
Nothing is changed, and no credential is printed or sent: the provider's server
is asked for nothing more than an answer. A check that takes longer than five
seconds has failed.

Exit codes: 0 ready to work, 1 a check has failed.`;

export const ROOT_EXAMPLES = `
Examples:
  codex-ts demo                                 see it work, without a key
  codex-ts exec "fix the failing test"          one run in this folder
  codex-ts exec resume --last "now add a test"  go on where it stopped
  printenv OPENAI_API_KEY | codex-ts login --with-api-key

Environment:
  CODEX_HOME              config, credentials and sessions (default: ~/.codex)
  CODEX_API_KEY           an API key for exec; goes before a stored login
  CODEX_CA_CERTIFICATE    a file of certificates to trust (or SSL_CERT_FILE)
  HTTPS_PROXY, NO_PROXY   the way to the network
  NO_COLOR, FORCE_COLOR   colours never, colours always
  CODEX_TS_DEBUG          any value: show the stack of an error

Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + N stopped by the signal N.`;

export const EXEC_EXAMPLES = `
Examples:
  codex-ts exec "explain what this repository does"
  codex-ts exec -s workspace-write "fix the failing test"
  git diff | codex-ts exec "review this change"
  codex-ts exec --json --output-schema schema.json "list the public functions"

Environment:
  CODEX_HOME      config, credentials and sessions (default: ~/.codex)
  CODEX_API_KEY   API key for this run; goes before a stored login

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 on SIGINT, 143 on SIGTERM.`;
