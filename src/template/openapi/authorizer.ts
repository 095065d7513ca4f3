import { parseUserPoolArn, USER_POOL_ARN_FORM } from "../../aws/user-pool.ts";
import type { Authorizer } from "../../model/rest-api.ts";
import { judgeInvocationUri, LAMBDA_URI_FORM } from "../lambda-uri.ts";
import type { Problem } from "../report.ts";
import { eachUnknownKey } from "../report.ts";
import { foundValue, type OnInvalid, readInteger, readText, readWord } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import { JWT_EXTENSION_KEYS, readJwtConfiguration } from "./jwt-authorizer.ts";
import { adviseTokenRegex } from "./token-regex.ts";

/** Bounds of the authorizer result TTL (D: API reference, CreateAuthorizer). */
export const MAX_RESULT_TTL_SECONDS = 3600;
/** The TTL of an authorizer that names none (D). */
export const DEFAULT_RESULT_TTL_SECONDS = 300;

export interface AuthorizerRead {
  /** Undefined when not even its type is known. */
  readonly authorizer?: Authorizer;
  /** Why AWS or we cannot use it; each keeps the API from being served. */
  readonly problems: readonly Problem[];
  readonly advice: readonly Problem[];
}

/** Where a REST API finds an identity (D); path parameters cannot be one. */
export const IDENTITY_SOURCE =
  /^(?:method\.request\.(?:header|querystring)\.[A-Za-z0-9._$-]+|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9._-]+)$/;
const TYPES = ["token", "request", "cognito_user_pools", "jwt"] as const;
const KEYS = new Set([
  "type",
  "authorizerUri",
  "authorizerCredentials",
  "identitySource",
  "identityValidationExpression",
  "authorizerResultTtlInSeconds",
  "providerARNs",
  "authorizerPayloadFormatVersion",
  "enableSimpleResponses",
]);
/** HTTP APIs only (D); a REST API's events have one format. */
const HTTP_API_KEYS = ["authorizerPayloadFormatVersion", "enableSimpleResponses"];

/** Reads the `x-amazon-apigateway-authorizer` of the security scheme `scheme`. */
export function readAuthorizer(scheme: SourceNode, extension: SourceNode, id: string): AuthorizerRead {
  const name = scheme.name;
  const problems: Problem[] = [];
  const advice: Problem[] = [];
  const refuse = (at: SourceNode, message: string, fix: string, rule = "authorizer-property-invalid"): void => {
    problems.push({ rule, at: at.at(), message, fix });
  };
  const invalid: OnInvalid = (node, found, wanted) =>
    refuse(node, `${node.name} of the authorizer ${name} is ${found}, wanted ${wanted}.`, "Correct the value.");
  if (!extension.isMapping) {
    refuse(extension, `The authorizer ${name} is ${show(extension.value)}, wanted a mapping.`, "Correct it.");
    return { problems, advice };
  }
  const typeNode = extension.get("type");
  if (!typeNode) refuse(extension, `The authorizer ${name} has no type, wanted ${TYPES.join(", ")}.`, "Add the type.");
  const type = readWord(typeNode, TYPES, invalid)?.toUpperCase() as Authorizer["type"] | undefined;
  if (!type) return { problems, advice };

  eachUnknownKey(extension, type === "JWT" ? JWT_EXTENSION_KEYS : KEYS, (child, fix) => {
    const message = `The authorizer ${name} has the unknown property ${show(child.name)}, which may decide who gets in.`;
    problems.push({ rule: "authorizer-property-unknown", at: child.keyAt(), message, fix });
  });
  const isLambda = type === "TOKEN" || type === "REQUEST";
  for (const key of HTTP_API_KEYS) {
    const node = isLambda ? extension.get(key) : undefined;
    if (!node) continue;
    const message = `${key} has no effect on the authorizer ${name}: only HTTP APIs know it.`;
    advice.push({ rule: "http-api-only", at: node.keyAt(), message, fix: "Remove it." });
  }
  const authorizerUri = readText(extension.get("authorizerUri"), invalid);
  if (isLambda) checkUri(name, extension, authorizerUri, refuse);
  const authorizerCredentials = readText(extension.get("authorizerCredentials"), invalid);
  const ttl = readInteger(extension.get("authorizerResultTtlInSeconds"), 0, MAX_RESULT_TTL_SECONDS, invalid);
  const identitySource = readIdentitySource(scheme, extension, type, ttl, invalid, refuse);
  const expressionNode = extension.get("identityValidationExpression");
  const expression = expressionNode?.value === "" ? undefined : readText(expressionNode, invalid);
  if (expression !== undefined && expressionNode && type === "TOKEN") {
    advice.push(...adviseTokenRegex(expression, name, expressionNode.at()));
  }
  const jwt = type === "JWT" ? readJwtConfiguration(extension, name, "openapi") : undefined;
  if (jwt) {
    problems.push(...jwt.problems);
    advice.push(...jwt.advice);
    if (ttl !== undefined) {
      const message = `authorizerResultTtlInSeconds has no effect on the JWT authorizer ${name}: every request is decided anew.`;
      advice.push({ rule: "authorizer-ttl-ignored", at: extension.at(), message, fix: "Remove it." });
    }
  }
  const authType = scheme.get("x-amazon-apigateway-authtype")?.value;
  return {
    authorizer: {
      id,
      name,
      type,
      ...(typeof authType === "string" ? { authType } : {}),
      ...(authorizerUri === undefined ? {} : { authorizerUri }),
      ...(authorizerCredentials === undefined ? {} : { authorizerCredentials }),
      ...(identitySource === undefined ? {} : { identitySource }),
      ...(expression === undefined ? {} : { identityValidationExpression: expression }),
      ...(ttl === undefined ? {} : { authorizerResultTtlInSeconds: ttl }),
      providerARNs:
        type === "COGNITO_USER_POOLS"
          ? readUserPoolArns(extension.get("providerARNs"), name, (at, ...problem) =>
              refuse(at ?? extension, ...problem),
            )
          : [],
      ...(jwt?.configuration && { jwtConfiguration: jwt.configuration }),
      at: extension.keyAt(),
    },
    problems,
    advice,
  };
}

type Refuse = (at: SourceNode, message: string, fix: string, rule?: string) => void;

/** The pools of a Cognito authorizer, at least one (D); in OpenAPI `providerARNs`, in CloudFormation `ProviderARNs`. */
export function readUserPoolArns(
  node: SourceNode | undefined,
  authorizer: string,
  refuse: (at: SourceNode | undefined, message: string, fix: string, rule: string) => void,
): string[] {
  const items = node?.items() ?? [];
  if (items.length === 0) {
    const found = node === undefined ? "not there" : show(node.value);
    const message = `The list of user pools of the Cognito authorizer ${authorizer} is ${found}, wanted one or more of ${USER_POOL_ARN_FORM}.`;
    refuse(node, message, "Name the user pools whose tokens it takes.", "authorizer-user-pool");
  }
  return items.flatMap((item) => {
    if (typeof item.value === "string" && parseUserPoolArn(item.value) !== undefined) return item.value;
    const message = `The Cognito authorizer ${authorizer} names ${foundValue(item.value)}, wanted ${USER_POOL_ARN_FORM}.`;
    refuse(item, message, "Write the pool's ARN; its id begins with the ARN's region.", "authorizer-user-pool");
    return [];
  });
}

function checkUri(name: string, extension: SourceNode, uri: string | undefined, refuse: Refuse): void {
  const node = extension.get("authorizerUri");
  if (!node) {
    refuse(extension, `The authorizer ${name} has no authorizerUri, wanted ${LAMBDA_URI_FORM}.`, "Add it.");
    return;
  }
  if (uri === undefined) return;
  const verdict = judgeInvocationUri(uri);
  if (verdict.ok) return;
  const found = `${show(uri)} (${verdict.message})`;
  refuse(node, `authorizerUri of the authorizer ${name} is ${found}, wanted ${LAMBDA_URI_FORM}.`, "Correct the URI.");
}

function readIdentitySource(
  scheme: SourceNode,
  extension: SourceNode,
  type: Authorizer["type"],
  ttl: number | undefined,
  invalid: OnInvalid,
  refuse: Refuse,
): string | undefined {
  const node = extension.get("identitySource");
  const given = node?.value === "" ? undefined : readText(node, invalid);
  const sources = (given ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  for (const source of sources) {
    if (IDENTITY_SOURCE.test(source)) continue;
    const isHttpApi = source.startsWith("$");
    const message =
      `identitySource of the authorizer ${scheme.name} is ${show(source)}, wanted method.request.header.NAME, ` +
      "method.request.querystring.NAME, stageVariables.NAME or context.NAME.";
    const fix = isHttpApi ? "That is how HTTP APIs write it; use the REST form." : "Correct the identity source.";
    refuse(node ?? extension, message, fix, "identity-source-syntax");
  }
  if (type === "REQUEST") {
    if (sources.length === 0 && (ttl ?? DEFAULT_RESULT_TTL_SECONDS) > 0) {
      // (D) CreateAuthorizer: required when the result is cached.
      const message = `The REQUEST authorizer ${scheme.name} caches its results and has no identitySource to tell callers apart.`;
      refuse(extension, message, "Add identitySource, or set authorizerResultTtlInSeconds: 0.");
    }
    return sources.length > 0 ? sources.join(",") : undefined;
  }
  if (sources.length === 0) {
    // (R) The header of the security scheme is the token source.
    const header = scheme.get("name")?.value;
    return typeof header === "string" && header !== "" ? `method.request.header.${header}` : undefined;
  }
  if (sources.length > 1 || !sources[0]?.startsWith("method.request.header.")) {
    const message = `identitySource of the ${type} authorizer ${scheme.name} is ${show(given)}, wanted exactly one method.request.header.NAME.`;
    refuse(node ?? extension, message, "Name one header, or make it a REQUEST authorizer.", "identity-source-syntax");
  }
  return sources.join(",");
}
