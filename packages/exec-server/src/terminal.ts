// This side of a pseudo-terminal.
import type { ReadStream } from "node:tty";
import { ExecError } from "./environment.ts";
import type { TerminalControl } from "./local-process.ts";
import type { NativeDescriptors } from "./native-descriptors.ts";

/** A stream on the terminal's master side; what it reads is what the process prints. */
export function openTerminalStream(masterFd: number): ReadStream {
  const tty = process.getBuiltinModule("node:tty");
  return new tty.ReadStream(masterFd);
}

export function controlTerminal(
  stream: ReadStream,
  masterFd: number,
  native: NativeDescriptors,
): TerminalControl {
  return {
    write: (data) =>
      new Promise((resolve, reject) => {
        const ended = (cause?: Error): ExecError =>
          new ExecError("stdin_closed", "the process has ended: nothing reads from its terminal", {
            cause,
          });
        if (stream.destroyed || !stream.writable) {
          reject(ended());
          return;
        }
        stream.write(data, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(ended(error));
        });
      }),
    resize(size) {
      // The descriptor's number may be somebody else's once the stream is closed.
      if (!stream.destroyed) native.resizeTerminal(masterFd, size);
    },
  };
}
