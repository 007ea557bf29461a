import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { type TemporaryDirectory, abs, temporaryDirectory } from "@codex-ts/test-support";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type SkillRoot,
  type SkillScope,
  formatSkillProblem,
  loadSkills,
  skillRoots,
} from "./index.ts";

function skill(name: string | null, description = "Does things"): string {
  const named = name === null ? "" : `name: ${name}\n`;
  return `---\n${named}description: ${description}\n---\n\n# Body\n`;
}

function root(path: AbsolutePath, scope: SkillScope = "user"): SkillRoot {
  return { path, scope };
}

async function names(...roots: SkillRoot[]): Promise<string[]> {
  return (await loadSkills(roots)).skills.map(({ name }) => name);
}

/** What is wrong with a skill whose SKILL.md has this text, as `LINE: message`. */
async function problemOf(folder: TemporaryDirectory, text: string): Promise<string | null> {
  await folder.write({ "s/one/SKILL.md": text });
  const { problems } = await loadSkills([root(folder.join("s"))]);
  const [problem] = problems;
  return problem === undefined ? null : `${problem.line}: ${problem.message}`;
}

test("roots come in order: project layers, home folders, the product's, the machine's, plugins, project folders", () => {
  const roots = skillRoots({
    projectLayers: [abs("/p/sub/.codex"), abs("/p/.codex")],
    codexHome: abs("/home/kim/.codex"),
    home: abs("/home/kim"),
    systemFolder: abs("/etc/codex"),
    plugins: [{ name: "tools", root: abs("/plugins/tools") }],
    projectRoot: abs("/p"),
    cwd: abs("/p/sub"),
  });
  expect(roots).toEqual([
    { path: "/p/sub/.codex/skills", scope: "repo" },
    { path: "/p/.codex/skills", scope: "repo" },
    { path: "/home/kim/.codex/skills", scope: "user" },
    { path: "/home/kim/.agents/skills", scope: "user" },
    { path: "/home/kim/.codex/skills/.system", scope: "system" },
    { path: "/etc/codex/skills", scope: "admin" },
    { path: "/plugins/tools", scope: "user", plugin: "tools" },
    { path: "/p/.agents/skills", scope: "repo" },
    { path: "/p/sub/.agents/skills", scope: "repo" },
  ]);
});

test("without the product's skills their folder is no root", () => {
  const roots = skillRoots({ codexHome: abs("/h/.codex"), bundled: false });
  expect(roots).toEqual([{ path: "/h/.codex/skills", scope: "user" }]);
});

test("a path that is two roots counts once, as the first", () => {
  const roots = skillRoots({ home: abs("/h"), projectRoot: null, cwd: abs("/h") });
  expect(roots).toEqual([{ path: "/h/.agents/skills", scope: "user" }]);
});

test("a skill above the project's root, or above a folder without project, is not found", () => {
  const paths = (projectRoot: AbsolutePath | null) =>
    skillRoots({ projectRoot, cwd: abs("/a/b/c") }).map(({ path }) => path);
  expect(paths(abs("/a/b"))).toEqual(["/a/b/.agents/skills", "/a/b/c/.agents/skills"]);
  expect(paths(/*projectRoot*/ null)).toEqual(["/a/b/c/.agents/skills"]);
});

test("a cwd that is a file finds the project's skills", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ ".agents/skills/one/SKILL.md": skill("one"), "file.txt": "" });
  const roots = skillRoots({ projectRoot: folder.path, cwd: folder.join("file.txt") });
  expect(await names(...roots)).toEqual(["one"]);
});

test("a skill has all that its two files say", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "skills/demo/SKILL.md":
      "\uFEFF---\r\nname: demo\r\ndescription: >\r\n  Two\r\n  lines\r\nmetadata:\r\n  short-description: Short\r\nlicense: MIT\r\n---\r\nBody\r\n",
    "skills/demo/agents/openai.yaml": `
interface:
  display_name: "Demo  skill"
  short_description: Shown
  icon_small: assets/small.png
  icon_large: ./assets/sub/large.png
  brand_color: "#12aBcD"
  default_prompt: Use $demo
dependencies:
  tools:
    - { type: mcp, value: server, transport: stdio, command: run }
policy:
  allow_implicit_invocation: false
  products: [codex]
`,
  });
  const at = folder.join("skills/demo");
  expect(await loadSkills([root(folder.join("skills"), "repo")])).toEqual({
    skills: [
      {
        name: "demo",
        description: "Two lines",
        shortDescription: "Short",
        path: join(at, "SKILL.md"),
        folder: at,
        scope: "repo",
        interface: {
          displayName: "Demo skill",
          shortDescription: "Shown",
          iconSmall: join(at, "assets/small.png"),
          iconLarge: join(at, "assets/sub/large.png"),
          brandColor: "#12aBcD",
          defaultPrompt: "Use $demo",
        },
        tools: [{ type: "mcp", value: "server", transport: "stdio", command: "run" }],
        allowsImplicitUse: false,
        products: ["codex"],
      },
    ],
    problems: [],
  });
});

test("what is wrong in agents/openai.yaml is left out with its line, and the skill stays", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "s/one/SKILL.md": skill("one"),
    "s/one/agents/openai.yaml": `interface:
  display_name: ${"x".repeat(65)}
  icon_small: ../secret.png
  icon_large: /etc/icon.png
  brand_color: red
dependencies:
  tools:
    - type: mcp
policy:
  allow_implicit_invocation: perhaps
`,
    "s/two/SKILL.md": skill("two"),
    "s/two/agents/openai.yaml": "interface: [",
  });
  const { skills, problems } = await loadSkills([root(folder.join("s"))]);
  expect(
    skills.map((found) => [found.name, found.interface, found.tools, found.allowsImplicitUse]),
  ).toEqual([
    ["one", undefined, [], true],
    ["two", undefined, [], true],
  ]);
  expect(problems.map(({ severity, line }) => [severity, line])).toEqual([
    ["warning", 2],
    ["warning", 3],
    ["warning", 4],
    ["warning", 5],
    ["warning", 8],
    ["warning", 10],
    ["warning", 1],
  ]);
});

test("a skill at depth 6 is loaded and one at depth 7 is not; hidden folders are passed over", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "s/1/2/3/4/5/six/SKILL.md": skill("six"),
    "s/1/2/3/4/5/6/seven/SKILL.md": skill("seven"),
    "s/.hidden/SKILL.md": skill("hidden"),
    "s/lower/skill.md": skill("lower"),
  });
  expect(await names(root(folder.join("s")))).toEqual(["six"]);
});

test("at most 2000 folders of a root are searched, and that is told", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/a/SKILL.md": skill("first") });
  for (let index = 0; index < 2000; index += 1) await mkdir(folder.join(`s/f${index}`));
  const { skills, problems } = await loadSkills([root(folder.join("s"))]);
  expect(skills.map(({ name }) => name)).toEqual(["first"]);
  expect(problems).toEqual([
    {
      severity: "warning",
      path: folder.join("s"),
      line: null,
      message: "There are more than 2000 folders; the others are not searched.",
    },
  ]);
});

test("broken front matter is an error with its line and does not stop the others", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/good/SKILL.md": skill("good") });
  const cases: readonly (readonly [text: string, problem: string])[] = [
    ["# Title\n", "1: The front matter is missing. The first line must be `---`."],
    ["", "1: The front matter is missing. The first line must be `---`."],
    ["---\nname: x\n", "1: The front matter is not closed. A line `---` must end it."],
    ["---\n---\n", "1: The front matter is empty. It must have a `description`."],
    [
      "---\nname: x\n---\n",
      "1: `description` is missing. Say what the skill does and when to use it.",
    ],
    ["---\nname: ''\ndescription: d\n---\n", "2: `name` is empty. Give it a text."],
    ["---\nname: x\ndescription: '  '\n---\n", "3: `description` is empty. Give it a text."],
    ["---\nname: x\ndescription:\n---\n", "3: `description` is empty. Give it a text."],
    ["---\nname: [x]\ndescription: d\n---\n", "2: `name` must be a text."],
    ["---\n- a\n---\n", "2: Here must stand keys with values, such as `name: …`."],
    [
      "---\nname: x\ndescription: Use when: always\n---\n",
      "3: The YAML is not valid: Nested mappings are not allowed in compact mappings. A value that holds a colon and a blank must stand in quotes.",
    ],
    [
      "---\nname: x\nname: y\ndescription: d\n---\n",
      "3: The YAML is not valid: Map keys must be unique. Keep one of the two.",
    ],
    [
      `---\nname: ${"n".repeat(65)}\ndescription: d\n---\n`,
      "2: `name` has 65 characters; at most 64 are allowed.",
    ],
    [
      `---\nname: x\ndescription: d\nmetadata:\n  short-description: ${"s".repeat(1025)}\n---\n`,
      "5: `metadata.short-description` has 1025 characters; at most 1024 are allowed.",
    ],
  ];
  for (const [text, problem] of cases) expect(await problemOf(folder, text)).toBe(problem);
  const { skills, problems } = await loadSkills([root(folder.join("s"))]);
  expect(skills.map(({ name }) => name)).toEqual(["good"]);
  expect(problems.map(formatSkillProblem)).toEqual([
    `${folder.join("s/one/SKILL.md")}:5: \`metadata.short-description\` has 1025 characters; at most 1024 are allowed.`,
  ]);
});

test("a description of 1024 emoji is allowed, and of 1025 is not", async () => {
  await using folder = await temporaryDirectory();
  expect(await problemOf(folder, skill("x", "🦊".repeat(1024)))).toBeNull();
  expect(await problemOf(folder, skill("x", "🦊".repeat(1025)))).toBe(
    "3: `description` has 1025 characters; at most 1024 are allowed.",
  );
});

test("without a name the folder's counts; a line break in the description is one blank; numbers are texts", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "s/by folder/SKILL.md": skill(/*name*/ null, '"a\\n  b"'),
    "s/number/SKILL.md": "---\nname: 1.50\ndescription: 2026-01-02\n---\n",
  });
  const { skills } = await loadSkills([root(folder.join("s"))]);
  expect(skills.map(({ name, description }) => [name, description])).toEqual([
    ["1.50", "2026-01-02"],
    ["by folder", "a b"],
  ]);
});

test("a linked folder is searched, but not in the product's own skills; a linked SKILL.md is not read", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "far/linked/SKILL.md": skill("linked"), "s/file/note": "" });
  await symlink(folder.join("far"), folder.join("s/far"));
  await symlink(folder.join("far/linked/SKILL.md"), folder.join("s/file/SKILL.md"));
  for (const scope of ["repo", "user", "admin"] as const) {
    expect(await names(root(folder.join("s"), scope))).toEqual(["linked"]);
  }
  expect(await names(root(folder.join("s"), "system"))).toEqual([]);
});

test("a cycle of links ends", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/one/SKILL.md": skill("one") });
  await symlink(folder.join("s"), folder.join("s/one/again"));
  await symlink(folder.join("s/loop"), folder.join("s/loop"));
  expect(await loadSkills([root(folder.join("s"))])).toMatchObject({
    skills: [{ name: "one" }],
    problems: [],
  });
});

test("a file below two roots is the first one's; one name in two places is two skills", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "user/x/SKILL.md": skill("same"), "repo/x/SKILL.md": skill("same") });
  await symlink(folder.join("repo"), folder.join("alias"));
  const { skills } = await loadSkills([
    root(folder.join("user"), "user"),
    root(folder.join("repo"), "repo"),
    root(folder.join("alias"), "admin"),
  ]);
  expect(skills.map(({ path, scope }) => [path, scope])).toEqual([
    [folder.join("repo/x/SKILL.md"), "repo"],
    [folder.join("user/x/SKILL.md"), "user"],
  ]);
});

test("skills are sorted by scope, then name, then path; a plugin's carry its name", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({
    "admin/a/SKILL.md": skill("a"),
    "user/z/SKILL.md": skill("z"),
    "user/b2/SKILL.md": skill("b"),
    "user/b1/SKILL.md": skill("b"),
    "plugin/c/SKILL.md": skill("c"),
  });
  const { skills } = await loadSkills([
    root(folder.join("admin"), "admin"),
    root(folder.join("user")),
    { path: folder.join("plugin"), scope: "user", plugin: "team" },
    root(folder.join("missing")),
  ]);
  expect(skills.map(({ name, path }) => [name, path.slice(folder.path.length)])).toEqual([
    ["b", "/user/b1/SKILL.md"],
    ["b", "/user/b2/SKILL.md"],
    ["team:c", "/plugin/c/SKILL.md"],
    ["z", "/user/z/SKILL.md"],
    ["a", "/admin/a/SKILL.md"],
  ]);
});

test("what is wrong with the product's own skills is not reported", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/one/SKILL.md": "no front matter" });
  expect(await loadSkills([root(folder.join("s"), "system")])).toEqual({
    skills: [],
    problems: [],
  });
});

test.skipIf(process.getuid?.() === 0)("an unreadable file is an error that says so", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/one/SKILL.md": skill("one") });
  await chmod(folder.join("s/one/SKILL.md"), 0);
  const { problems } = await loadSkills([root(folder.join("s"))]);
  expect(problems).toMatchObject([{ severity: "error", line: null }]);
});

test("loading stops when it is cancelled", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "s/one/SKILL.md": skill("one") });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(loadSkills([root(folder.join("s"))], { signal })).rejects.toThrow("enough");
});

test("any text in a SKILL.md gives a skill or one error", { timeout: 60_000 }, async () => {
  await using folder = await temporaryDirectory();
  const file = folder.join("s/one/SKILL.md");
  await folder.write({ "s/one/SKILL.md": "" });
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("---", "name: x", "description: d", "a: &a [*a]", "<<: *x", "? [a]", "\t- b"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      await writeFile(file, ["---", ...lines].join("\n"));
      const { skills, problems } = await loadSkills([root(folder.join("s"))]);
      expect(skills.length + problems.length).toBe(1);
    }),
    { numRuns: 100 },
  );
});
