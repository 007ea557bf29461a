import { symlink } from "node:fs/promises";
import { join } from "@codex-ts/absolute-path";
import { abs, temporaryDirectory } from "@codex-ts/test-support";
import type { UserInput } from "@codex-ts/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Skill,
  enabledSkills,
  findSkillMentions,
  implicitSkillUse,
  injectSkills,
  nameCollisions,
  renderSkillsSection,
  selectSkills,
} from "./index.ts";

function skill(name: string, folder: string, more: Partial<Skill> = {}): Skill {
  return {
    name,
    description: `About ${name}`,
    path: join(abs(folder), "SKILL.md"),
    folder: abs(folder),
    scope: "user",
    tools: [],
    allowsImplicitUse: true,
    products: [],
    ...more,
  };
}

function text(content: string): UserInput {
  return { type: "text", text: content };
}

const alpha = skill("alpha", "/s/alpha");
const beta = skill("beta", "/s/beta");
const otherBeta = skill("beta", "/r/beta");

function chosen(inputs: readonly UserInput[], skills: readonly Skill[], connectorNames?: string[]) {
  return selectSkills(inputs, skills, { connectorNames }).map(({ path }) => path);
}

test("names stand plain or linked; environment variables and other kinds of paths are no skills", () => {
  expect(findSkillMentions("$alpha and [$beta](/p)")).toEqual({
    names: ["alpha", "beta"],
    plainNames: ["alpha"],
    paths: ["/p"],
  });
  const none = { names: [], plainNames: [], paths: [] };
  expect(findSkillMentions("$PATH $home [$Term](/x) $ 5$ costs")).toEqual(none);
  expect(findSkillMentions("[$beta]()")).toEqual({
    names: ["beta"],
    plainNames: ["beta"],
    paths: [],
  });
  expect(findSkillMentions("[ $beta ] ( skill:///p/b )").paths).toEqual(["/p/b"]);
  expect(findSkillMentions("$alpha.skill").names).toEqual(["alpha"]);
  expect(findSkillMentions("$slack:search").names).toEqual(["slack:search"]);
  expect(findSkillMentions("Use $alpha: now").names).toEqual(["alpha"]);
  expect(findSkillMentions("[$a](app://x) [$b](mcp://y) [$c](plugin://z)")).toEqual({
    names: ["a", "b", "c"],
    plainNames: [],
    paths: [],
  });
});

test("a plain name picks the only skill of that name; two of one name need a path", () => {
  expect(chosen([text("$alpha $beta")], [alpha, beta])).toEqual([alpha.path, beta.path]);
  expect(chosen([text("$beta")], [otherBeta, beta])).toEqual([]);
  expect(chosen([text(`[$beta](${otherBeta.path})`)], [beta, otherBeta])).toEqual([otherBeta.path]);
  expect(chosen([text(`[$beta](skill://${beta.folder})`)], [beta, otherBeta])).toEqual([beta.path]);
  expect(chosen([text("[$alpha](/unknown)")], [alpha])).toEqual([]);
});

test("a connector's name picks no skill by plain mention, and by path it does", () => {
  expect(chosen([text("$alpha")], [alpha], ["alpha"])).toEqual([]);
  expect(chosen([text(`[$alpha](${alpha.path})`)], [alpha], ["alpha"])).toEqual([alpha.path]);
});

test("structured inputs come first; one with an unknown path picks nothing and bars its name", () => {
  const structured = (name: string, path: string): UserInput => ({ type: "skill", name, path });
  expect(chosen([text("$alpha"), structured("beta", beta.path)], [alpha, beta])).toEqual([
    beta.path,
    alpha.path,
  ]);
  expect(chosen([structured("alpha", "/gone"), text("$alpha")], [alpha])).toEqual([]);
  expect(
    chosen([structured("beta", beta.path), structured("beta", beta.path), text("$beta")], [beta]),
  ).toEqual([beta.path]);
  const mention: UserInput = { type: "mention", name: "alpha", path: `skill://${alpha.path}` };
  const app: UserInput = { type: "mention", name: "beta", path: "app://beta" };
  expect(chosen([mention, app, text("$beta")], [alpha, beta])).toEqual([alpha.path, beta.path]);
});

test("those named by path come before those named plainly, each in the list's order", () => {
  const gamma = skill("gamma", "/s/gamma");
  const inputs = [text(`$alpha [$gamma](${gamma.path}) [$beta](${beta.path})`)];
  expect(chosen(inputs, [alpha, beta, gamma])).toEqual([beta.path, gamma.path, alpha.path]);
});

test("any text is searched for names without failing, and names have the allowed characters", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/),
      (noise, name) => {
        const found = findSkillMentions(`${noise} $${name} ${noise}`);
        expect(found.names.every((word) => /^[A-Za-z0-9_:-]+$/.test(word))).toBe(true);
        const isVariable = /^(?:path|home|user|shell|pwd|tmpdir|temp|tmp|lang|term)$/.test(name);
        expect(found.names.includes(name)).toBe(!isVariable);
      },
    ),
  );
});

test("a later switch wins over an earlier one, by path or by name", async () => {
  const on = async (...switches: Parameters<typeof enabledSkills>[1]) =>
    (await enabledSkills([alpha, beta], switches)).enabled.map(({ name }) => name);
  expect(await on()).toEqual(["alpha", "beta"]);
  expect(await on({ name: "alpha", enabled: false })).toEqual(["beta"]);
  expect(await on({ path: beta.path, enabled: false })).toEqual(["alpha"]);
  expect(await on({ path: beta.folder, enabled: false })).toEqual(["alpha"]);
  expect(
    await on({ path: alpha.path, enabled: false }, { path: alpha.path, enabled: true }),
  ).toEqual(["alpha", "beta"]);
  expect(
    await on({ path: alpha.path, enabled: true }, { path: alpha.path, enabled: false }),
  ).toEqual(["beta"]);
  expect(await on({ path: alpha.path, enabled: false }, { name: "alpha", enabled: true })).toEqual([
    "alpha",
    "beta",
  ]);
  expect(
    await on(
      { name: "alpha", enabled: false },
      { path: alpha.path, enabled: true },
      { name: "alpha", enabled: false },
    ),
  ).toEqual(["beta"]);
});

test("a switch with both selectors or none is ignored and handed back", async () => {
  const both = { name: "alpha", path: alpha.path, enabled: false };
  const none = { enabled: false };
  expect(await enabledSkills([alpha], [both, none])).toEqual({
    enabled: [alpha],
    ignored: [both, none],
  });
});

test("a switch by path sees through links", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "real/one/SKILL.md": "" });
  await symlink(folder.join("real"), folder.join("link"));
  const one = skill("one", folder.join("real/one"));
  const { enabled } = await enabledSkills(
    [one],
    [{ path: folder.join("link/one/SKILL.md"), enabled: false }],
  );
  expect(enabled).toEqual([]);
});

test("names that several skills have are told", () => {
  expect([...nameCollisions([alpha, beta, otherBeta])]).toEqual([["beta", [beta, otherBeta]]]);
});

test("the section lists the skills that the model may choose, with forward slashes", () => {
  const hidden = skill("hidden", "/s/hidden", { allowsImplicitUse: false });
  const section = renderSkillsSection([alpha, hidden]);
  expect(section).toMatch(/^<skills_instructions>\n## Skills\n/);
  expect(section).toMatch(/\n<\/skills_instructions>$/);
  expect(section).toContain("\n- alpha: About alpha (file: /s/alpha/SKILL.md)\n");
  expect(section).not.toContain("hidden");
});

test("without such skills there is no section", () => {
  expect(renderSkillsSection([])).toBeNull();
  expect(renderSkillsSection([skill("x", "/x", { allowsImplicitUse: false })])).toBeNull();
});

test("a description cannot end the section", () => {
  const section = renderSkillsSection([
    skill("x", "/x", { description: "a </skills_instructions> b" }),
  ]);
  expect(section?.match(/<\/skills_instructions>/g)).toHaveLength(1);
});

test("a chosen skill becomes a user message with its content; one that cannot be read a warning", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "one/SKILL.md": "---\nname: one\n---\nBody" });
  const one = skill("one", folder.join("one"));
  const gone = skill("gone", folder.join("gone"));
  const { items, warnings } = await injectSkills([one, gone]);
  expect(items).toEqual([
    {
      type: "message",
      role: "user",
      content: [
        {
          type: "input_text",
          text: `<skill>\n<name>one</name>\n<path>${one.path}</path>\n---\nname: one\n---\nBody\n</skill>`,
        },
      ],
    },
  ]);
  expect(warnings).toEqual([
    expect.stringMatching(/^The skill gone cannot be read from .*SKILL\.md: ENOENT/),
  ]);
});

test("a long skill is cut between two characters, with a note for the model and a warning", async () => {
  await using folder = await temporaryDirectory();
  await folder.write({ "one/SKILL.md": "aé🦊🦊" });
  const one = skill("one", folder.join("one"));
  const contentAt = async (maxBytes: number) => {
    const { items, warnings } = await injectSkills([one], { maxBytes });
    const [part] = items[0]?.content ?? [];
    const shown = part?.type === "input_text" ? part.text : "";
    return [shown.split("</path>\n")[1]?.split(/\n\[The file|\n<\/skill>/)[0], warnings.length];
  };
  expect(await contentAt(/*maxBytes*/ 11)).toEqual(["aé🦊🦊", 0]);
  expect(await contentAt(/*maxBytes*/ 10)).toEqual(["aé🦊", 1]);
  expect(await contentAt(/*maxBytes*/ 7)).toEqual(["aé🦊", 1]);
  expect(await contentAt(/*maxBytes*/ 6)).toEqual(["aé", 1]);
  expect(await contentAt(/*maxBytes*/ 3)).toEqual(["aé", 1]);
  expect(await contentAt(/*maxBytes*/ 2)).toEqual(["a", 1]);
  expect(await contentAt(/*maxBytes*/ 0)).toEqual(["", 1]);
});

test("reading a SKILL.md and running a script below scripts is use of the skill", () => {
  const use = (...command: string[]) => {
    const found = implicitSkillUse(command, abs("/s/alpha"), [alpha, beta]);
    return found === null ? null : [found.skill.name, found.kind];
  };
  expect(use("cat", "SKILL.md")).toEqual(["alpha", "read"]);
  expect(use("/usr/bin/sed", "-n", "1,20p", "/s/beta/SKILL.md")).toEqual(["beta", "read"]);
  expect(use("python3", "-u", "scripts/sub/run.py", "--x")).toEqual(["alpha", "script"]);
  expect(use("deno", "run", "-A", "/s/beta/scripts/x.ts")).toEqual(["beta", "script"]);
  expect(use("python3", "-c", "scripts/run.py")).toBeNull();
  expect(use("python3", "run.py")).toBeNull();
  expect(use("python3", "scripts/data.json")).toBeNull();
  expect(use("rm", "SKILL.md")).toBeNull();
  expect(use("cat", "other.md")).toBeNull();
  expect(use()).toBeNull();
});
