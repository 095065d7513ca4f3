import type { Finding } from "../../../model/finding.ts";
import type { Authorizer } from "../../../model/rest-api.ts";
import { judgeInvocationUri, LAMBDA_URI_FORM } from "../../lambda-uri.ts";
import {
  DEFAULT_RESULT_TTL_SECONDS,
  IDENTITY_SOURCE,
  MAX_RESULT_TTL_SECONDS,
  readUserPoolArns,
} from "../../openapi/authorizer.ts";
import { readJwtConfiguration } from "../../openapi/jwt-authorizer.ts";
import { adviseTokenRegex } from "../../openapi/token-regex.ts";
import { eachUnknownKey } from "../../report.ts";
import { readInteger, readText, readWord } from "../../scalar.ts";
import { show } from "../../source-node.ts";
import { ResourceProblems, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const TYPES = ["TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"] as const;
/** (?) No published schema has JWT authorizers; the rest is refused, since it may decide who gets in. */
const JWT_KEYS = new Set([
  "AuthType",
  "AuthorizerResultTtlInSeconds",
  "IdentitySource",
  "JwtConfiguration",
  "Name",
  "RestApiId",
  "Type",
]);
const KEYS = new Set([
  "AuthType",
  "AuthorizerCredentials",
  "AuthorizerResultTtlInSeconds",
  "AuthorizerUri",
  "IdentitySource",
  "IdentityValidationExpression",
  "Name",
  "ProviderARNs",
  "RestApiId",
  "Type",
]);

interface Entry {
  readonly logicalId: string;
  /** Undefined when not even its type is known. */
  readonly authorizer: Authorizer | undefined;
  readonly problems: ResourceProblems;
  /** Set when a method has named it: the finding that keeps the API from being served, if any. */
  refusal: Finding | undefined;
  isUsed: boolean;
}

/** The AWS::ApiGateway::Authorizer resources of an API; what is wrong with one waits until a method uses it. */
export class Authorizers {
  readonly all: Authorizer[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #report: StackContext["report"];

  constructor(resources: readonly StackResource[], context: StackContext) {
    this.#report = context.report;
    for (const resource of resources) {
      const id = context.refOf(resource);
      const problems = new ResourceProblems(resource);
      const authorizer = readAuthorizer(resource, id, problems, context);
      if (authorizer) this.all.push(authorizer);
      this.#entries.set(id, {
        logicalId: resource.logicalId,
        authorizer,
        problems,
        refusal: undefined,
        isUsed: false,
      });
    }
  }

  /** The authorizer a method names, and the finding that stops the method when it is not usable. */
  use(id: string): Pick<Entry, "authorizer" | "refusal"> | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.isUsed) return entry;
    entry.isUsed = true;
    for (const problem of entry.problems.all) {
      const finding = this.#report.refuseApi(problem, entry.logicalId);
      entry.refusal ??= finding;
    }
    return entry;
  }

  /** Authorizers that no method names decide nothing: what is wrong with them is only said. */
  reportUnused(): void {
    for (const { isUsed, problems, logicalId } of this.#entries.values()) {
      if (isUsed) continue;
      for (const problem of problems.all) this.#report.note("warning", problem, logicalId);
    }
  }
}

function readAuthorizer(
  resource: StackResource,
  id: string,
  problems: ResourceProblems,
  { report }: StackContext,
): Authorizer | undefined {
  const { properties, logicalId, at } = resource;
  const { invalid } = problems;
  const typeNode = properties.get("Type");
  if (!typeNode) problems.missing("Type", TYPES.join(", "));
  const type = readWord(typeNode, TYPES, invalid);
  eachUnknownKey(properties, type === "JWT" ? JWT_KEYS : KEYS, (child, fix) => {
    const message = `The authorizer ${logicalId} has the unknown property ${show(child.name)}, which may decide who gets in.`;
    problems.add("authorizer-property-unknown", child, message, fix);
  });
  const name = readText(properties.get("Name"), invalid);
  if (!properties.get("Name")) problems.missing("Name", "text");
  if (type === undefined) return undefined;
  const isLambda = type === "TOKEN" || type === "REQUEST";
  const uriNode = properties.get("AuthorizerUri");
  const authorizerUri = readText(uriNode, invalid);
  if (isLambda && !uriNode) problems.missing("AuthorizerUri", LAMBDA_URI_FORM);
  const verdict = isLambda && authorizerUri !== undefined ? judgeInvocationUri(authorizerUri) : undefined;
  if (verdict && !verdict.ok) {
    const message = `AuthorizerUri of ${logicalId} is ${show(authorizerUri)} (${verdict.message}), wanted ${LAMBDA_URI_FORM}.`;
    problems.add("authorizer-uri-invalid", uriNode, message, "Correct the URI.");
  }
  const ttl = readInteger(properties.get("AuthorizerResultTtlInSeconds"), 0, MAX_RESULT_TTL_SECONDS, invalid);
  const identitySource = readIdentitySource(resource, type, ttl, problems);
  const expressionNode = properties.get("IdentityValidationExpression");
  const expression = expressionNode?.value === "" ? undefined : readText(expressionNode, invalid);
  if (expression !== undefined && expressionNode && type === "TOKEN") {
    for (const each of adviseTokenRegex(expression, logicalId, expressionNode.at())) {
      report.note("warning", each, logicalId);
    }
  }
  const jwt = type === "JWT" ? readJwtConfiguration(properties, logicalId, "cloudformation") : undefined;
  for (const each of jwt?.problems ?? []) problems.all.push(each);
  for (const each of jwt?.advice ?? []) report.note("warning", each, logicalId);
  const authType = properties.get("AuthType")?.value;
  const credentials = readText(properties.get("AuthorizerCredentials"), invalid);
  return {
    id,
    name: name ?? logicalId,
    type,
    ...(typeof authType === "string" ? { authType } : {}),
    ...(authorizerUri === undefined ? {} : { authorizerUri }),
    ...(credentials === undefined ? {} : { authorizerCredentials: credentials }),
    ...(identitySource === undefined ? {} : { identitySource }),
    ...(expression === undefined ? {} : { identityValidationExpression: expression }),
    ...(ttl === undefined ? {} : { authorizerResultTtlInSeconds: ttl }),
    providerARNs: type === "COGNITO_USER_POOLS" ? readPools(resource, problems) : [],
    ...(jwt?.configuration && { jwtConfiguration: jwt.configuration }),
    at,
  };
}

function readPools({ properties, logicalId }: StackResource, problems: ResourceProblems): string[] {
  return readUserPoolArns(properties.get("ProviderARNs"), logicalId, (at, message, fix, rule) =>
    problems.add(rule, at, message, fix),
  );
}

/** Text with commas (D: AWS::ApiGateway::Authorizer IdentitySource). */
function readIdentitySource(
  { properties, logicalId }: StackResource,
  type: Authorizer["type"],
  ttl: number | undefined,
  problems: ResourceProblems,
): string | undefined {
  const node = properties.get("IdentitySource");
  const given = node?.value === "" ? undefined : readText(node, problems.invalid);
  const sources = (given ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  for (const source of sources) {
    if (IDENTITY_SOURCE.test(source)) continue;
    const message =
      `IdentitySource of the authorizer ${logicalId} is ${show(source)}, wanted method.request.header.NAME, ` +
      "method.request.querystring.NAME, stageVariables.NAME or context.NAME.";
    const fix = source.startsWith("$") ? "That is how HTTP APIs write it; use the REST form." : "Correct it.";
    problems.add("identity-source-syntax", node, message, fix);
  }
  if (type === "REQUEST") {
    if (sources.length === 0 && (ttl ?? DEFAULT_RESULT_TTL_SECONDS) > 0) {
      // (D) CreateAuthorizer: required when the result is cached.
      const message = `The REQUEST authorizer ${logicalId} caches its results and has no IdentitySource to tell callers apart.`;
      const fix = "Add IdentitySource, or set AuthorizerResultTtlInSeconds: 0.";
      problems.add("authorizer-ttl-without-identity", node, message, fix);
    }
    return sources.length > 0 ? sources.join(",") : undefined;
  }
  if (sources.length !== 1 || !sources[0]?.startsWith("method.request.header.")) {
    const message = `IdentitySource of the ${type} authorizer ${logicalId} is ${show(given)}, wanted exactly one method.request.header.NAME.`;
    problems.add("identity-source-syntax", node, message, "Name one header, or make it a REQUEST authorizer.");
  }
  return sources.length > 0 ? sources.join(",") : undefined;
}
