import { expect, test } from "vitest";
import { parseCommand, type ParsedCommand } from "./index.ts";

function describeScript(script: string): readonly ParsedCommand[] {
  return parseCommand(["bash", "-lc", script]);
}

/** The descriptions on one line each, without their commands. */
function summary(script: string): string {
  return describeScript(script)
    .map((command) => {
      switch (command.type) {
        case "read":
          return `read ${command.name} at ${command.path}`;
        case "list_files":
          return `list ${command.path}`;
        case "search":
          return `search ${command.query} in ${command.path}`;
        case "unknown":
          return "unknown";
      }
    })
    .join("; ");
}

test("each kind has the shape of exec events, with the quoted command", () => {
  expect(describeScript("cat 'a b' && ls src && rg -n \"x y\" lib")).toEqual([
    { type: "read", cmd: "cat 'a b'", name: "a b", path: "a b" },
    { type: "list_files", cmd: "ls src", path: "src" },
    { type: "search", cmd: "rg -n 'x y' lib", query: "x y", path: "lib" },
  ]);
  expect(describeScript("git status")).toEqual([{ type: "unknown", cmd: "git status" }]);
});

test("one unknown command makes the whole script unknown, as written", () => {
  const script = "cat a  &&  npm test";
  expect(describeScript(script)).toEqual([{ type: "unknown", cmd: script }]);
});

test("scripts that are not plain, and other shells, are unknown as a whole", () => {
  expect(describeScript("cat a > b")).toEqual([{ type: "unknown", cmd: "cat a > b" }]);
  expect(parseCommand(["pwsh", "-Command", "ls"])).toEqual([{ type: "unknown", cmd: "ls" }]);
  expect(parseCommand(["cmd", "/c", "dir"])).toEqual([{ type: "unknown", cmd: "cmd /c dir" }]);
  expect(parseCommand(["ls", "|", "wc"])).toEqual([{ type: "unknown", cmd: "ls '|' wc" }]);
  expect(parseCommand(["bash", "-lc", ""])).toEqual([{ type: "unknown", cmd: "" }]);
});

test("an argv without a shell is one command", () => {
  expect(parseCommand(["cat", "a b"])).toEqual([
    { type: "read", cmd: "cat 'a b'", name: "a b", path: "a b" },
  ]);
});

test.each([
  // Listing.
  ["ls", "list null"],
  ["ls -la src/app", "list app"],
  ["ls -I node_modules -w 80 .", "list ."],
  ["ls --time-style full-iso src tests", "list src"],
  ["tree -L 2 src", "list src"],
  ["du -d 1 lib", "list lib"],
  ["eza -L 2", "list null"],
  ["rg --files", "list null"],
  ["rg --files -g '*.ts' src", "list src"],
  ["git ls-files -- src", "list src"],
  ["fd -t f", "list null"],
  ["fd . lib", "list lib"],
  ["find src -type f", "list src"],
  ["python3 -c 'import os; print(os.listdir(\".\"))'", "list null"],
  ["python3.12 -c 'from pathlib import Path; list(Path().rglob(\"*\"))'", "list null"],
  // Searching.
  ["rg foo", "search foo in null"],
  ["rg -n foo src lib", "search foo in src"],
  ["rg -A 3 -t ts --sort path foo src", "search foo in src"],
  ["rg -e foo -e bar src", "search foo in src"],
  ["rg --regexp=foo src", "search foo in src"],
  ["rg -- -foo src", "search -foo in src"],
  ["grep -rn --include '*.py' foo .", "search foo in ."],
  ["egrep 'a|b' f", "search a|b in f"],
  ["fgrep foo f", "search foo in f"],
  ["ag foo src", "search foo in src"],
  ["ack foo", "search foo in null"],
  ["pt foo lib", "search foo in lib"],
  ["rga foo", "search foo in null"],
  ["git grep -n foo -- src", "search foo in src"],
  ["git --no-pager grep foo", "search foo in null"],
  ["fd -e ts foo src", "search foo in src"],
  ["find . -name '*.rs'", "search *.rs in ."],
  ["find -L src -type f -iname x", "search x in src"],
  ["find -name x", "search x in null"],
  // Reading.
  ["cat src/a/b.txt", "read b.txt at src/a/b.txt"],
  ["cat -n -- -x", "read -x at -x"],
  ["bat --theme dark -l rust x", "read x at x"],
  ["less -R x", "read x at x"],
  ["more +10 x", "read x at x"],
  ["head -n 5 x", "read x at x"],
  ["head -5 x", "read x at x"],
  ["tail -n +5 x", "read x at x"],
  ["tail x -n 5", "read x at x"],
  ["sed -n '1,10p' F", "read F at F"],
  ["sed -n '5,$p' F", "read F at F"],
  ["sed -n -e 1p -e 7p F", "read F at F"],
  ["awk -F: '{print $1}' x", "read x at x"],
  ["awk -f prog x", "read x at x"],
  ["nl -ba x", "read x at x"],
  // Neither.
  ["cat", "unknown"],
  ["cat a b", "unknown"],
  ["cat -", "unknown"],
  ["head -n 5", "unknown"],
  ["sed -i s/a/b/ f", "unknown"],
  ["sed -n 1p -i f", "unknown"],
  ["sed s/a/b/ f", "unknown"],
  ["awk '{print}'", "unknown"],
  ["find . -name x -delete", "unknown"],
  ["find . -exec rm {} +", "unknown"],
  ["fd foo -x rm", "unknown"],
  ["git log", "unknown"],
  ["git -C x grep foo", "unknown"],
  ["python3 -c 'print(1)'", "unknown"],
  ["python3 -c 'import os; os.remove(os.listdir()[0])'", "unknown"],
  ["wc -l", "unknown"],
  ["echo hi", "unknown"],
  ["pwd", "unknown"],
])("%s: %s", (script, expected) => {
  expect(summary(script)).toBe(expected);
});

test.each([
  ["cat a | wc -l", "read a at a"],
  ["cat a.txt | sort | uniq | head -n 5", "read a.txt at a.txt"],
  ["cat a | sed -n 1,5p", "read a at a"],
  ["cat a | sed s/x/y/ | awk '{print $1}' | tr a b", "read a at a"],
  ["cat a | nl -ba | cut -c1 | column -t | tee", "read a at a"],
  ["cat a | grep foo", "read a at a; search foo in null"],
  ["nl f | sed -n 1,9p", "read f at f"],
  ["rg foo | head -n 20", "search foo in null"],
  ["printf x | cat f", "read f at f"],
  ["wc -l f | sort", "unknown"],
  ["rg -l foo | xargs cat", "search foo in null"],
  ["rg -l foo | xargs -0 -n 1 head -n 5", "search foo in null"],
  ["find . -name x | xargs grep foo", "search x in ."],
  ["rg --files | xargs wc -l", "list null"],
  ["rg -l foo | xargs sed -i s/a/b/", "unknown"],
  ["rg -l foo | xargs -I{} sed --in-place s/a/b/ {}", "unknown"],
  ["find . | xargs perl -pi -e 1", "unknown"],
  ["rg -l foo | xargs rm", "unknown"],
])("programs that only shape output are left out: %s", (script, expected) => {
  expect(summary(script)).toBe(expected);
});

test.each([
  ["echo start && ls", "list null"],
  ["true && ls || true", "list null"],
  ["ls && echo done", "unknown"],
  ["ls && ls", "list null"],
  ["cat a; cat a; cat b", "read a at a; read b at b"],
  ["ls; pwd", "unknown"],
])("words around a command: %s", (script, expected) => {
  expect(summary(script)).toBe(expected);
});

test.each([
  ["cd src && cat a", "read a at src/a"],
  ["cd src && ls", "list null"],
  ["cd src && rg foo lib", "search foo in lib"],
  ["cd a && cd b/ && cat c", "read c at a/b/c"],
  ["cd a && cat /abs/c", "read c at /abs/c"],
  ["cd /abs && head -n 5 c", "read c at /abs/c"],
  ["cd a && cd /b && cat c", "read c at /b/c"],
  ["cd -P a && cat c", "read c at a/c"],
  ["cd && cat c", "read c at c"],
  ["cd - && cat c", "read c at c"],
  ["cat a && cd b && cat c", "read a at a; read c at b/c"],
  ["cd a", "unknown"],
])("cd goes into the paths of what is read: %s", (script, expected) => {
  expect(summary(script)).toBe(expected);
});

test.each([
  ["ls /a/b/dist", "list b"],
  ["ls build/x/dist", "list x"],
  ["ls src/node_modules", "list src/node_modules"],
  ["ls src/", "list src"],
  ["ls /", "list /"],
  ["rg foo packages/core/src", "search foo in core"],
])("folders that every project has are passed over: %s", (script, expected) => {
  expect(summary(script)).toBe(expected);
});
