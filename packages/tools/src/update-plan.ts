// Shows the person where the work stands.
import { abortedText } from "./aborted-text.ts";
import { functionSpec, objectSchema } from "./function-spec.ts";
import { type Tool, ToolError } from "./tool.ts";
import { ToolArguments, badArguments } from "./tool-arguments.ts";

const STATUSES = ["pending", "in_progress", "completed"] as const;

/**
 * Makes `update_plan`: shows the person the steps of the work and where it stands. Not in plan
 * mode.
 */
export function createUpdatePlanTool(): Tool {
  return {
    name: "update_plan",
    spec: functionSpec({
      name: "update_plan",
      description:
        "Replaces the plan that the user sees. Give all steps each time, with the state of each; at most one is in progress.",
      properties: {
        explanation: { type: "string", description: "Why the plan is new or has changed." },
        plan: {
          type: "array",
          description: "The steps, in order.",
          items: objectSchema(
            {
              step: { type: "string", description: "The step in a few words." },
              status: { type: "string", description: "One of: pending, in_progress, completed." },
            },
            ["step", "status"],
          ),
        },
      },
      required: ["plan"],
    }),
    parallel: false,
    claims: () => [{ resource: "plan", mode: "exclusive" }],
    abortedText,
    accepts: (payload) => payload.kind === "function",
    async run(call, context) {
      if (context.planMode) {
        throw new ToolError(
          "respond",
          "update_plan is a checklist for carrying out a plan and is not available in plan mode",
        );
      }
      const args = ToolArguments.ofCall(call);
      args.allowOnly("explanation", "plan");
      const plan = args.objects("plan").map((step) => {
        step.allowOnly("step", "status");
        return { step: step.string("step"), status: step.choice("status", STATUSES) };
      });
      if (plan.filter(({ status }) => status === "in_progress").length > 1) {
        throw badArguments("more than one step of `plan` is in progress");
      }
      context.emit({
        type: "plan_update",
        explanation: args.optionalString("explanation") ?? null,
        plan,
      });
      return { body: "Plan updated", success: true, forScript: { value: {} } };
    },
  };
}
