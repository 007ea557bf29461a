/** The style of an exported page. */
export const pageStyle = `
:root {
  --page: #fbfaf8; --text: #22211f; --faint: #6c6862; --line: #e2ded7;
  --card: #ffffff; --user: #eef3fb; --user-line: #c9d8ef; --accent: #2b5ea8;
  --code: #f3f1ed; --ins: #1a6b34; --del: #a3282b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171816; --text: #e4e2dd; --faint: #9b978f; --line: #33342f;
    --card: #1e1f1c; --user: #1d2733; --user-line: #31435a; --accent: #8ab4ee;
    --code: #262723; --ins: #7fce97; --del: #ee8f8f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 46rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { margin-bottom: 2.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; text-wrap: balance; }
.when { color: var(--faint); margin: 0 0 1rem; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; font-size: .875rem; }
dl div { display: flex; gap: .5rem; min-width: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
section { margin: 1.75rem 0; }
h2 { font-size: .875rem; font-weight: 600; margin: 0 0 .25rem; color: var(--accent); }
.assistant h2 { color: var(--faint); }
h2 time { font-weight: 400; color: var(--faint); margin-left: .35rem; }
.user { background: var(--user); border: 1px solid var(--user-line); border-radius: .75rem; padding: .85rem 1.1rem; }
.said { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.prose { overflow-wrap: anywhere; }
.prose > :first-child { margin-top: 0; }
.prose > :last-child { margin-bottom: 0; }
.prose h1, .prose h2, .prose h3, .prose h4 { font-size: 1.05rem; color: inherit; margin: 1.25rem 0 .5rem; }
.prose ul, .prose ol { padding-left: 1.4rem; }
.prose blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--faint); }
.prose table { border-collapse: collapse; display: block; overflow-x: auto; }
.prose th, .prose td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .84rem; }
pre code { font-size: inherit; }
.prose :not(pre) > code { background: var(--code); border-radius: .3rem; padding: .1em .35em; }
pre { background: var(--code); border-radius: .5rem; padding: .75rem .9rem; margin: .75rem 0; overflow-x: auto; line-height: 1.5; }
details { margin: .6rem 0; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
summary { cursor: pointer; padding: .5rem .9rem; font-size: .875rem; color: var(--faint); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
summary b { color: var(--text); font-weight: 600; margin-right: .35rem; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .6rem; }
details[open] > summary { border-bottom: 1px solid var(--line); }
details > :not(summary) { margin: .75rem .9rem; }
.output { max-height: 28rem; overflow: auto; color: var(--faint); }
ins { color: var(--ins); text-decoration: none; }
del { color: var(--del); text-decoration: none; }
.aside { color: var(--faint); font-size: .875rem; }
.note { display: flex; align-items: center; gap: 1rem; color: var(--faint); font-size: .875rem; margin: 1.75rem 0; }
.note::before, .note::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.note span { max-width: 80%; text-align: center; overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: var(--faint); font-size: .8rem; text-align: center; }
@media (max-width: 30rem) { body { padding: 1.25rem .9rem 3rem; } h1 { font-size: 1.3rem; } }
@media print { body { max-width: none; } .output { max-height: none; } }
`;
