/** An Amazon Resource Name in its six parts; `resource` keeps every further colon and slash. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly resource: string;
}

/** What a method ARN is made of; `path` with or without its leading slash, as received, without stage and query. */
export interface MethodArnParts {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: string;
  /** The request's own method, never `ANY`. */
  readonly method: string;
  readonly path: string;
}

/** A function ARN without its version or alias, and that version or alias beside it. */
export interface LambdaFunctionArn {
  readonly functionArn: string;
  readonly qualifier?: string;
}

/**
 * Splits an ARN on its first five colons only: a method ARN may hold more of them in its path (C: frameworks that split
 * on every colon break on timestamps). Answers undefined for text that is not an ARN.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function parseArn(text: string): Arn | undefined {
  const parts = splitArn(text);
  if (parts === undefined) return undefined;
  const [prefix, partition, service, region, accountId, resource] = parts;
  if (prefix !== "arn" || partition === "" || service === "" || resource === "") return undefined;
  return { partition, service, region, accountId, resource };
}

/** The six colon-separated parts of a text shaped like an ARN, or undefined when it has fewer than five colons. */
export function splitArn(text: string): readonly [string, string, string, string, string, string] | undefined {
  const first = text.indexOf(":");
  const second = first < 0 ? -1 : text.indexOf(":", first + 1);
  const third = second < 0 ? -1 : text.indexOf(":", second + 1);
  const fourth = third < 0 ? -1 : text.indexOf(":", third + 1);
  const fifth = fourth < 0 ? -1 : text.indexOf(":", fourth + 1);
  if (fifth < 0) return undefined;
  return [
    text.slice(0, first),
    text.slice(first + 1, second),
    text.slice(second + 1, third),
    text.slice(third + 1, fourth),
    text.slice(fourth + 1, fifth),
    text.slice(fifth + 1),
  ];
}

/** The inverse of `parseArn`. */
export function formatArn(arn: Arn): string {
  return `arn:${arn.partition}:${arn.service}:${arn.region}:${arn.accountId}:${arn.resource}`;
}

/**
 * The ARN an authorizer receives and a policy is compared with:
 * `arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/pets/42`; the root ends in `/GET/` (D).
 * A HTTP API's default stage is the literal `$default`. Exactly one leading slash of the path is taken off; the rest
 * stays as received, colons included (C).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
 */
export function methodArn(parts: MethodArnParts): string {
  const { partition, region, accountId, apiId, stage, method } = parts;
  const path = parts.path.startsWith("/") ? parts.path.slice(1) : parts.path;
  return `arn:${partition}:execute-api:${region}:${accountId}:${apiId}/${stage}/${method}/${path}`;
}

/** Old samples write `path//2015-03-31`; both are in circulation (C). */
const INVOCATION_RESOURCE = /^path\/{1,2}2015-03-31\/functions\/(.+)\/invocations$/;

/**
 * The function that an authorizer or integration URI calls:
 * `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations` (D), or a plain function ARN,
 * which HTTP APIs also take. `${stageVariables.x}` inside it is kept as it is. Undefined for anything else.
 */
export function lambdaFunctionArnOf(uri: string): LambdaFunctionArn | undefined {
  const arn = parseArn(uri);
  if (arn === undefined) return undefined;
  if (arn.service === "lambda") return splitQualifier(uri);
  if (arn.service !== "apigateway" || arn.accountId !== "lambda") return undefined;
  const functionArn = INVOCATION_RESOURCE.exec(arn.resource)?.[1];
  return functionArn === undefined ? undefined : splitQualifier(functionArn);
}

/** `arn:aws:lambda:us-east-1:123456789012:function:name[:version or alias]`. */
function splitQualifier(text: string): LambdaFunctionArn | undefined {
  const arn = parseArn(text);
  if (arn?.service !== "lambda" || !arn.resource.startsWith("function:")) return undefined;
  const [name = "", qualifier, ...more] = arn.resource.slice("function:".length).split(":");
  if (name === "" || qualifier === "" || more.length > 0) return undefined;
  const functionArn = formatArn({ ...arn, resource: `function:${name}` });
  return qualifier === undefined ? { functionArn } : { functionArn, qualifier };
}

/** Eight asterisks and the last four digits of the account, as AWS's denial texts print an ARN (C). */
export function maskAccount(arn: string): string {
  const parts = splitArn(arn);
  if (parts === undefined || parts[4] === "") return arn;
  const [prefix, partition, service, region, accountId, resource] = parts;
  return `${prefix}:${partition}:${service}:${region}:********${accountId.slice(-4)}:${resource}`;
}
