import { expect, test } from "vitest";
import { extractApplyPatch } from "./index.ts";

const patch = "*** Begin Patch\n*** Add File: a\n+$x `y` \\\n*** End Patch";
const isPatch = (text: string) => text.trim().startsWith("*** Begin Patch");
const heredoc = `<<'EOF'\n${patch}\nEOF`;

function extract(...argv: readonly string[]) {
  return extractApplyPatch(argv, isPatch);
}

const none = { kind: "none" };
const found = { kind: "patch", body: patch, directory: null };

test("a patch as the argument of apply_patch or applypatch", () => {
  expect(extract("apply_patch", patch)).toEqual(found);
  expect(extract("applypatch", patch)).toEqual(found);
  expect(extract("apply_patch", "no patch")).toEqual({ ...found, body: "no patch" });
  expect(extract("apply_patch")).toEqual(none);
  expect(extract("apply_patch", patch, "more")).toEqual(none);
});

test("a patch without a command is implicit", () => {
  expect(extract(patch)).toEqual({ kind: "implicit" });
  expect(extract("bash", "-lc", patch)).toEqual({ kind: "implicit" });
  expect(extract("powershell", "-Command", patch)).toEqual({ kind: "implicit" });
});

test.each([
  ["bash", "-lc"],
  ["bash", "-c"],
  ["/usr/bin/zsh", "-lc"],
  ["sh", "-c"],
  ["BASH.EXE", "-c"],
  ["cmd.exe", "/c"],
  ["cmd", "/C"],
  ["pwsh", "-Command"],
  ["powershell.exe", "-NoProfile", "-Command"],
])("a here-document in a script of %s %s", (...shell) => {
  expect(extract(...shell, `apply_patch ${heredoc}`)).toEqual(found);
});

test.each([
  ["an unquoted delimiter", `apply_patch <<EOF\n${patch}\nEOF\n`],
  ["a double-quoted delimiter", `apply_patch <<"PATCH"\n${patch}\nPATCH`],
  ["the other name", `applypatch ${heredoc}`],
  ["newlines around", `\n\napply_patch ${heredoc}\n\n`],
  ["newlines at the end of the body", `apply_patch <<'EOF'\n${patch}\n\n\nEOF`],
  ["Windows line endings", `apply_patch ${heredoc}`.replaceAll("\n", "\r\n")],
  ["tabs that the here-document strips", `apply_patch <<-'EOF'\n\t${patch}\n\tEOF`],
])("a here-document with %s", (_, script) => {
  expect(extract("bash", "-lc", script)).toEqual(found);
});

test.each([
  ["a bare word", "cd src/app && ", "src/app"],
  ["double quotes", 'cd "a b" && ', "a b"],
  ["single quotes", "cd 'a b' && ", "a b"],
  ["an absolute path", "cd /tmp/x && ", "/tmp/x"],
  ["an escaped blank", "cd a\\ b && ", "a b"],
])("a folder before it: %s", (_, prefix, directory) => {
  expect(extract("bash", "-lc", `${prefix}apply_patch ${heredoc}`)).toEqual({
    ...found,
    directory,
  });
});

test.each([
  ["a semicolon after cd", `cd foo; apply_patch ${heredoc}`],
  ["an or after cd", `cd foo || apply_patch ${heredoc}`],
  ["a pipe after cd", `cd foo | apply_patch ${heredoc}`],
  ["two folders", `cd a && cd b && apply_patch ${heredoc}`],
  ["two words after cd", `cd a b && apply_patch ${heredoc}`],
  ["an option of cd", `cd -P a && apply_patch ${heredoc}`],
  ["cd alone", `cd && apply_patch ${heredoc}`],
  ["a folder that expands", `cd $HOME && apply_patch ${heredoc}`],
  ["a home folder", `cd ~/x && apply_patch ${heredoc}`],
  ["a folder of two quotings", `cd a'b' && apply_patch ${heredoc}`],
  ["a folder on a line of its own", `cd\na && apply_patch ${heredoc}`],
  ["another command before", `echo x && apply_patch ${heredoc}`],
  ["another command after", `apply_patch <<'EOF' && echo done\n${patch}\nEOF`],
  ["another line after", `apply_patch ${heredoc}\necho done`],
  ["a pipe after", `apply_patch <<'EOF' | cat\n${patch}\nEOF`],
  ["an argument", `apply_patch x ${heredoc}`],
  ["a redirection", `apply_patch <<'EOF' > out\n${patch}\nEOF`],
  ["a comment", `# edit\napply_patch ${heredoc}`],
  ["an assignment", `A=1 apply_patch ${heredoc}`],
  ["a body without its end", `apply_patch <<'EOF'\n${patch}\n`],
  ["a here-string", `apply_patch <<< '${patch}'`],
  ["another program", `patch ${heredoc}`],
  ["a patch as an argument in a script", `apply_patch '${patch}'`],
])("not recognised: %s", (_, script) => {
  expect(extract("bash", "-lc", script)).toEqual(none);
});

test("other argvs are none", () => {
  expect(extract()).toEqual(none);
  expect(extract("ls")).toEqual(none);
  expect(extract("bash", "-x", "-lc", `apply_patch ${heredoc}`)).toEqual(none);
  expect(extract("powershell", "-NoLogo", "-Command", `apply_patch ${heredoc}`)).toEqual(none);
  expect(extract("fish", "-c", `apply_patch ${heredoc}`)).toEqual(none);
});
