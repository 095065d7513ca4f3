import { lambdaFunctionArnOf, parseArn } from "../aws/arn.ts";

/** What is wrong with the URI of a Lambda authorizer or an AWS integration; AWS's own words where recorded (R). */
export type InvocationUriVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: "not-arn" | "no-path-or-action" | "function-invalid";
      readonly message: string;
    }
  | { readonly ok: false; readonly reason: "other-service"; readonly service: string; readonly message: string };

export const LAMBDA_URI_FORM =
  "arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations" as const;

/** Whether `uri` calls a Lambda function in the form API Gateway wants. */
export function judgeInvocationUri(uri: string): InvocationUriVerdict {
  const arn = parseArn(uri);
  if (!arn) return { ok: false, reason: "not-arn", message: "Invalid ARN specified in the request" };
  const isAction = /^(?:path|action)\/./.test(arn.resource);
  if (arn.service !== "apigateway" || !isAction) {
    return { ok: false, reason: "no-path-or-action", message: "AWS ARN for integration must contain path or action" };
  }
  const service = arn.accountId.split(".").at(-1) ?? "";
  if (service !== "lambda") return { ok: false, reason: "other-service", service, message: `it calls ${service}` };
  // A stage variable may hold the whole function ARN (C: common in multi-stage templates).
  if (lambdaFunctionArnOf(uri) || /\/functions\/\$\{stageVariables\.\w+\}\/invocations$/.test(uri)) return { ok: true };
  return { ok: false, reason: "function-invalid", message: "it names no Lambda function" };
}
