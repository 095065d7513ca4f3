import type { Authorizer, PayloadFormatVersion } from "../../../model/http-api.ts";
import { judgeInvocationUri, LAMBDA_URI_FORM } from "../../lambda-uri.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readInteger, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { ResourceProblems, readTextList, type StackContext } from "./stack-context.ts";

/** Bounds of an HTTP API's authorizer (D: HTTP API quotas; AuthorizerResultTtlInSeconds). */
export const MAX_RESULT_TTL_SECONDS = 3600;
export const MAX_AUDIENCES = 50;

const COMMON_KEYS = ["ApiId", "AuthorizerType", "IdentitySource", "Name"];
const KEYS = {
  JWT: new Set([...COMMON_KEYS, "JwtConfiguration"]),
  REQUEST: new Set([
    ...COMMON_KEYS,
    "AuthorizerCredentialsArn",
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "AuthorizerUri",
    "EnableSimpleResponses",
  ]),
} as const;
const JWT_KEYS = new Set(["Audience", "Issuer"]);
const JWT_SOURCE = /^\$request\.(?:header|querystring)\.[^\s,]+$/;
const REQUEST_SOURCE = /^\$(?:request\.(?:header|querystring)|context|stageVariables)\.[^\s,]+$/;

/** Reads an AWS::ApiGatewayV2::Authorizer. With anything not understood it has `notServed`. */
export function readAuthorizer(
  resource: StackResource,
  authorizerId: string,
  context: Pick<StackContext, "report">,
): Authorizer {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  const typeNode = properties.get("AuthorizerType");
  if (!typeNode) problems.missing("AuthorizerType", "JWT or REQUEST");
  const type = readWord(typeNode, ["JWT", "REQUEST"], invalid);
  eachUnknownKey(properties, KEYS[type ?? "REQUEST"], (child, fix) => {
    const message = `The ${type ?? ""} authorizer ${logicalId} has the property ${show(child.name)}, which has no meaning for it and may decide who gets in.`;
    problems.add("authorizer-property-unknown", child, message, fix);
  });
  const name = readText(properties.get("Name"), invalid);
  if (!properties.get("Name")) problems.missing("Name", "text");
  const identitySource = readIdentitySource(properties.get("IdentitySource"), type, problems);
  const own = type === "JWT" ? readJwt(properties, problems) : readLambda(properties, identitySource, problems);
  const notServed = problems.refuse(context.report);
  return {
    authorizerId,
    name: name ?? logicalId,
    authorizerType: type ?? "REQUEST",
    identitySource,
    enableSimpleResponses: false,
    ...own,
    at,
    ...(notServed && { notServed }),
  };
}

function readJwt(properties: SourceNode, problems: ResourceProblems): Pick<Authorizer, "jwtConfiguration"> {
  const { invalid } = problems;
  const node = properties.get("JwtConfiguration");
  if (!node?.isMapping) {
    if (node) invalid(node, show(node.value), "a mapping");
    else problems.missing("JwtConfiguration", "Issuer and Audience");
    return {};
  }
  eachUnknownKey(node, JWT_KEYS, (child, fix) => {
    const message = `JwtConfiguration has the unknown property ${show(child.name)}, which may decide who gets in.`;
    problems.add("authorizer-property-unknown", child, message, fix);
  });
  const issuer = readText(node.get("Issuer"), invalid);
  if (!node.get("Issuer")) problems.missing("JwtConfiguration.Issuer", "the issuer's URL");
  const audienceNode = node.get("Audience");
  const audience = readTextList(audienceNode, invalid) ?? [];
  if (audience.length === 0) {
    // AWS calls it a list to match; an empty one would match nothing (?).
    problems.missing("JwtConfiguration.Audience", "at least one audience");
  }
  for (const item of audienceNode?.items() ?? []) if (item.value === "") invalid(item, '""', "an audience");
  if (audience.length > MAX_AUDIENCES) {
    invalid(audienceNode as SourceNode, `a list of ${audience.length}`, `at most ${MAX_AUDIENCES}`);
  }
  return issuer === undefined ? {} : { jwtConfiguration: { issuer, audience } };
}

type LambdaParts = Pick<
  Authorizer,
  | "authorizerUri"
  | "authorizerPayloadFormatVersion"
  | "authorizerResultTtlInSeconds"
  | "enableSimpleResponses"
  | "authorizerCredentialsArn"
>;

function readLambda(
  properties: SourceNode,
  identitySource: readonly string[],
  problems: ResourceProblems,
): LambdaParts {
  const { invalid } = problems;
  const uriNode = properties.get("AuthorizerUri");
  const authorizerUri = readText(uriNode, invalid);
  if (!uriNode) problems.missing("AuthorizerUri", LAMBDA_URI_FORM);
  const verdict = authorizerUri === undefined ? undefined : judgeInvocationUri(authorizerUri);
  if (uriNode && verdict && !verdict.ok) {
    const message = `AuthorizerUri is ${show(authorizerUri)} (${verdict.message}), wanted ${LAMBDA_URI_FORM}.`;
    problems.add("authorizer-uri-invalid", uriNode, message, "Correct the URI.");
  }
  const authorizerPayloadFormatVersion = readPayloadFormat(properties.get("AuthorizerPayloadFormatVersion"), problems);
  const ttlNode = properties.get("AuthorizerResultTtlInSeconds");
  const ttl = readInteger(ttlNode, 0, MAX_RESULT_TTL_SECONDS, invalid);
  if (ttl !== undefined && ttl > 0 && identitySource.length === 0) {
    // (D) Caching needs at least one identity source.
    const message = `AuthorizerResultTtlInSeconds is ${ttl} and no IdentitySource tells callers apart.`;
    problems.add("authorizer-ttl-without-identity", ttlNode, message, "Add IdentitySource, or set it to 0.");
  }
  const simpleNode = properties.get("EnableSimpleResponses");
  const enableSimpleResponses = readBoolean(simpleNode, invalid) ?? false;
  if (enableSimpleResponses && authorizerPayloadFormatVersion === "1.0") {
    // (D) Simple answers belong to format 2.0.
    const message = 'EnableSimpleResponses is true and the payload format is "1.0", which has only policy answers.';
    problems.add("authorizer-simple-with-format-1", simpleNode, message, 'Use AuthorizerPayloadFormatVersion "2.0".');
  }
  const credentials = readText(properties.get("AuthorizerCredentialsArn"), invalid);
  return {
    ...(authorizerUri === undefined ? {} : { authorizerUri }),
    ...(authorizerPayloadFormatVersion === undefined ? {} : { authorizerPayloadFormatVersion }),
    ...(ttl === undefined ? {} : { authorizerResultTtlInSeconds: ttl }),
    enableSimpleResponses,
    ...(credentials === undefined ? {} : { authorizerCredentialsArn: credentials }),
  };
}

/** (D) Required for HTTP APIs. */
function readPayloadFormat(node: SourceNode | undefined, problems: ResourceProblems): PayloadFormatVersion | undefined {
  if (node === undefined) {
    problems.missing("AuthorizerPayloadFormatVersion", '"1.0" or "2.0"');
    return undefined;
  }
  const text = typeof node.value === "number" ? node.value.toFixed(1) : node.value;
  if (text === "1.0" || text === "2.0") return text;
  problems.invalid(node, show(node.value), '"1.0" or "2.0"');
  return undefined;
}

/** A list, or text with commas. */
function readIdentitySource(
  node: SourceNode | undefined,
  type: Authorizer["authorizerType"] | undefined,
  problems: ResourceProblems,
): string[] {
  const sources =
    typeof node?.value === "string"
      ? node.value.split(",").map((each) => each.trim())
      : (readTextList(node, problems.invalid) ?? []);
  const isJwt = type === "JWT";
  const wanted = `$request.header.NAME or $request.querystring.NAME${isJwt ? "" : " or $context.NAME or $stageVariables.NAME"}`;
  for (const source of sources) {
    if ((isJwt ? JWT_SOURCE : REQUEST_SOURCE).test(source)) continue;
    const fix = source.startsWith("method.") ? "That is how REST APIs write it; use the HTTP API form." : "Correct it.";
    problems.add("identity-source-syntax", node, `IdentitySource is ${show(source)}, wanted ${wanted}.`, fix);
  }
  if (isJwt && sources.length !== 1) {
    const message = `IdentitySource names ${sources.length} places, wanted exactly one ${wanted}.`;
    problems.add("identity-source-syntax", node, message, "Name one, e.g. $request.header.Authorization.");
  }
  return sources;
}
