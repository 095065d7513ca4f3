import { HTTP_METHODS } from "../model/rest-api.ts";
import type { QuotaSettings } from "../model/usage-plan.ts";

export const QUOTA_PERIODS: readonly QuotaSettings["period"][] = ["DAY", "WEEK", "MONTH"];
/**
 * The greatest offset of each period (C: what Terraform's provider lets through, 0 for a day, 6 for a week, 27 for a month,
 * as though it counted days; AWS's pages say of no maximum, and that it counts requests).
 */
export const QUOTA_OFFSETS: Readonly<Record<QuotaSettings["period"], number>> = { DAY: 0, WEEK: 6, MONTH: 27 };

export const WANTED_THROTTLE_KEY = "/PATH/METHOD such as /pets/{petId}/GET";
const KEY = new RegExp(`^(/(?:.*[^/])?)/(${HTTP_METHODS.join("|")}|ANY)$`);

/** The key of a method's throttle in a usage plan; the root's is `//GET`, and `/GET` is taken for it. */
export function throttleKeyOf(text: string): string | undefined {
  const [, path, verb] = KEY.exec(text.replace(/^\/(?=[A-Z]+$)/, "//")) ?? [];
  return path === undefined || path.includes("//") ? undefined : `${path}/${verb}`;
}
