// Lets the model look at an image file.
import { resolve } from "@codex-ts/absolute-path";
import { abortedText } from "./aborted-text.ts";
import { functionSpec, objectSchema } from "./function-spec.ts";
import { ImageError, imageDataUrl } from "./image.ts";
import { openReadable } from "./readable-paths.ts";
import { turnAccess } from "./sandbox-context.ts";
import { type Tool, type ToolContext, ToolError } from "./tool.ts";
import { ToolArguments } from "./tool-arguments.ts";
import type { AbsolutePath } from "@codex-ts/absolute-path";

/** `originalDetail` offers the argument that leaves an image as large as it is. */
export function createViewImageTool(options: { readonly originalDetail: boolean }): Tool {
  return {
    name: "view_image",
    spec: functionSpec({
      name: "view_image",
      description:
        "Shows you an image file of the local disk. Use it for a path that the user gives or that your work leads to, and not for an image that is in the conversation already.",
      properties: {
        path: { type: "string", description: "The image file." },
        ...(options.originalDetail
          ? {
              detail: {
                type: "string",
                description:
                  'Only "original" is possible: the image in its full size instead of scaled down to fit 2048×768. Use it where small details count.',
              },
            }
          : {}),
      },
      required: ["path"],
    }),
    outputSchema: objectSchema(
      { image_url: { type: "string" }, detail: { type: ["string", "null"] } },
      ["image_url", "detail"],
    ),
    parallel: true,
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context) {
      if (!context.supportsImageInput) {
        throw new ToolError("respond", "view_image is not possible: this model takes text only");
      }
      const args = ToolArguments.ofCall(call);
      const detail = args.optionalString("detail");
      if (detail !== undefined && detail !== "original") {
        throw new ToolError(
          "respond",
          `view_image.detail can only be \`original\`, not \`${detail}\`; leave it out otherwise`,
        );
      }
      const path = resolve(args.string("path"), context.cwd);
      const isOriginal = detail === "original" && context.supportsOriginalImageDetail;
      const url = await imageUrl(path, isOriginal ? "original" : "fit", context);
      context.emit({ type: "view_image_tool_call", call_id: call.callId, path });
      return {
        body: [
          {
            type: "input_image",
            image_url: url,
            ...(isOriginal ? { detail: "original" as const } : {}),
          },
        ],
        success: true,
        forScript: { value: { image_url: url, detail: isOriginal ? "original" : null } },
      };
    },
  };
}

async function imageUrl(
  path: AbsolutePath,
  sizing: "fit" | "original",
  context: ToolContext,
): Promise<string> {
  let bytes: Uint8Array;
  try {
    await using file = await openReadable(path, turnAccess(context), context.environment.files);
    if (file.kind !== "file") {
      throw new ToolError("respond", `the image path \`${path}\` is not a file`);
    }
    bytes = await file.read();
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolError("respond", `cannot read the image at \`${path}\`: ${reason}`, {
      cause: error,
    });
  }
  try {
    return await imageDataUrl(bytes, sizing);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ToolError("respond", `cannot show the image at \`${path}\`: ${error.message}`, {
      cause: error,
    });
  }
}
