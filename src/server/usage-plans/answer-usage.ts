import { StoreError } from "../../store/documents.ts";
import { decodeComponent } from "../decode-component.ts";
import { type ProjectLimits, readUsageDates } from "./project-limits.ts";

/** What is asked at `/_gatewarden/usage[/{planId}]?startDate&endDate&includeValues=true`; whoever asks may read everything. */
export async function answerUsage(
  target: string,
  usagePlans: Pick<ProjectLimits, "report">,
  nowMs: number,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { pathname, searchParams } = new URL(target, "http://gatewarden");
  const plan = decodeComponent(pathname.slice("/_gatewarden/usage".length).replace(/^\//, ""));
  const dates = readUsageDates(
    searchParams.get("startDate") ?? undefined,
    searchParams.get("endDate") ?? undefined,
    nowMs,
  );
  if ("problem" in dates) return { status: 400, body: { message: dates.problem } };
  try {
    const includeValues = searchParams.get("includeValues") === "true";
    const report = await usagePlans.report({ plan: plan === "" ? undefined : plan, ...dates, includeValues });
    if (plan === "") return { status: 200, body: report };
    const [only] = report.plans;
    return only === undefined
      ? { status: 404, body: { message: "Invalid Usage Plan ID specified" } } // (R)
      : { status: 200, body: { ...only, apiKeys: report.apiKeys } };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { status: 503, body: { message: error.message } };
  }
}
