import { ourCommand } from "./codex-home.ts";

export const benchmark = {
  name: "cli-version",
  question: "What does the smallest command cost over a bare start of Node?",
  subjects: ({
    root,
    against,
  }: {
    readonly root: string;
    readonly against: string | undefined;
  }) => [
    { name: "node -e 0", command: [process.execPath, "-e", "0"] },
    { name: "codex-ts --version", command: [...ourCommand(root), "--version"] },
    ...(against === undefined
      ? []
      : [{ name: "against --version", command: [against, "--version"] }]),
  ],
};
