import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { authorizerUri } from "../authorizer-function.ts";
import { type Subject, worded } from "../subject.ts";

/** An authorizer of AWS::Serverless::Api, checked as SAM checks it. */
export interface RestAuthorizer {
  readonly name: string;
  readonly type: "AWS_IAM" | "COGNITO_USER_POOLS" | "LAMBDA";
  readonly config: Made;
  readonly scopes: readonly unknown[];
  readonly at: SourcePosition;
}

/** The built-in authorizer that `DefaultAuthorizer: AWS_IAM` means. */
export function iamAuthorizer(at: SourcePosition): RestAuthorizer {
  return { name: "AWS_IAM", type: "AWS_IAM", config: mapping({}), scopes: [], at };
}

/** The authorizers of an API's `Auth`; undefined when it has none. */
export function readRestAuthorizers(subject: Subject, auth: Made): RestAuthorizer[] {
  const authorizers = auth.Authorizers;
  if (!isTruthy(authorizers)) return [];
  if (!isMapping(authorizers)) {
    throw subject.refusal("Property 'Auth.Authorizers' should be a map.", [auth, "Authorizers"]);
  }
  return Object.keys(authorizers).map((name) => {
    const config = authorizers[name];
    if (!isMapping(config)) {
      throw subject.refusal(`Property 'Auth.Authorizers.${name}' should be a map.`, [authorizers, name]);
    }
    return readRestAuthorizer(subject, name, config, subject.sam.at(authorizers, name, subject.at));
  });
}

function readRestAuthorizer(subject: Subject, name: string, config: Made, at: SourcePosition): RestAuthorizer {
  const payloadType = member(config, "FunctionPayloadType");
  if (payloadType !== undefined && payloadType !== "TOKEN" && payloadType !== "REQUEST") {
    throw subject.refusal(
      `${name} Authorizer has invalid 'FunctionPayloadType': ${worded(payloadType)}.`,
      [config, "FunctionPayloadType"],
      "Write TOKEN or REQUEST.",
    );
  }
  if (payloadType === "REQUEST" && lacksIdentitySource(subject, name, config)) {
    throw subject.refusal(
      `${name} Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.`,
      Object.hasOwn(config, "Identity") ? [config, "Identity"] : [config, "FunctionPayloadType"],
      "Add one, or write ReauthorizeEvery: 0.",
    );
  }
  const scopes = member(config, "AuthorizationScopes") ?? [];
  if (!Array.isArray(scopes)) {
    throw subject.refusal(`Property 'Authorizers.${name}.AuthorizationScopes' should be a list.`, [
      config,
      "AuthorizationScopes",
    ]);
  }
  const withoutPermission = member(config, "DisableFunctionDefaultPermissions");
  if (withoutPermission !== undefined && typeof withoutPermission !== "boolean") {
    throw subject.refusal(`Property 'Authorizers.${name}.DisableFunctionDefaultPermissions' should be a boolean.`, [
      config,
      "DisableFunctionDefaultPermissions",
    ]);
  }
  return { name, type: isTruthy(config.UserPoolArn) ? "COGNITO_USER_POOLS" : "LAMBDA", config, scopes, at };
}

/** A REQUEST authorizer needs something to go by, unless it is asked anew each time (C). */
function lacksIdentitySource(subject: Subject, name: string, config: Made): boolean {
  const identity = config.Identity;
  if (!isTruthy(identity)) return true;
  if (!isMapping(identity)) {
    throw subject.refusal(`Property 'Authorizer.${name}.Identity' should be a map.`, [config, "Identity"]);
  }
  if (["Headers", "QueryStrings", "StageVariables", "Context"].some((source) => isTruthy(identity[source]))) {
    return false;
  }
  const seconds = wholeNumber(identity.ReauthorizeEvery);
  return seconds === undefined || seconds > 0;
}

/** What Python's `int` makes of a value; undefined for what it refuses. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === "number" || typeof value === "boolean") return Math.trunc(Number(value));
  return typeof value === "string" && /^\s*[-+]?\d+(?:_\d+)*\s*$/.test(value)
    ? Number(value.replaceAll("_", ""))
    : undefined;
}

const EXTENSION = "x-amazon-apigateway-authorizer";

/** The security scheme of an authorizer. */
export function restSecurityScheme(subject: Subject, authorizer: RestAuthorizer): Made {
  const { type, config } = authorizer;
  const isRequest = type === "LAMBDA" && config.FunctionPayloadType === "REQUEST";
  const identity = readIdentity(subject, config);
  const scheme = mapping({
    type: "apiKey",
    name: isRequest ? "Unused" : isTruthy(identity?.Header) ? identity?.Header : "Authorization",
    in: "header",
    "x-amazon-apigateway-authtype":
      type === "AWS_IAM" ? "awsSigv4" : type === "COGNITO_USER_POOLS" ? "cognito_user_pools" : "custom",
  });
  if (type === "AWS_IAM") return scheme;
  const extension =
    type === "COGNITO_USER_POOLS" ? cognitoExtension(config) : lambdaExtension(subject, authorizer, identity);
  const expression = identity?.ValidationExpression;
  if (!isRequest && isTruthy(expression)) extension.identityValidationExpression = expression;
  scheme[EXTENSION] = extension;
  subject.sam.origins.set(scheme, EXTENSION, authorizer.at);
  return scheme;
}

function readIdentity(subject: Subject, config: Made): Made | undefined {
  const identity = config.Identity;
  if (!isTruthy(identity)) return undefined;
  if (isMapping(identity)) return identity;
  throw subject.refusal(
    "Auth.Authorizers.<Authorizer>.Identity must be a dict (LambdaTokenAuthorizationIdentity, LambdaRequestAuthorizationIdentity or CognitoAuthorizationIdentity).",
    [config, "Identity"],
  );
}

function cognitoExtension(config: Made): Made {
  const pools = config.UserPoolArn;
  return mapping({ type: "cognito_user_pools", providerARNs: Array.isArray(pools) ? pools : [pools] });
}

function lambdaExtension(subject: Subject, authorizer: RestAuthorizer, identity: Made | undefined): Made {
  const { config } = authorizer;
  const isRequest = config.FunctionPayloadType === "REQUEST";
  const extension = mapping({
    type: isRequest ? "request" : "token",
    authorizerUri: authorizerUri(subject.sam.place.partition, config.FunctionArn ?? null),
  });
  const set = (key: string, value: unknown, from: Made, name: string): void => {
    extension[key] = value;
    subject.sam.origins.set(extension, key, subject.sam.at(from, name, authorizer.at));
  };
  const seconds = member(identity, "ReauthorizeEvery");
  if (identity && seconds !== undefined) set("authorizerResultTtlInSeconds", seconds, identity, "ReauthorizeEvery");
  const role = config.FunctionInvokeRole;
  if (isTruthy(role) && role !== "NONE") set("authorizerCredentials", role, config, "FunctionInvokeRole");
  const sources = isRequest && identity ? identitySources(subject, authorizer.name, identity) : [];
  if (sources.length > 0) set("identitySource", sources.join(", "), config, "Identity");
  return extension;
}

function identitySources(subject: Subject, name: string, identity: Made): string[] {
  const prefixes = {
    Headers: "method.request.header.",
    QueryStrings: "method.request.querystring.",
    StageVariables: "stageVariables.",
    Context: "context.",
  };
  return Object.entries(prefixes).flatMap(([key, prefix]) => {
    const values = identity[key];
    if (!isTruthy(values)) return [];
    const path = `Auth.Authorizers.${name}.Identity.${key}`;
    if (!Array.isArray(values)) throw subject.refusal(`Property '${path}' should be a list.`, [identity, key]);
    return values.map((value, index) => {
      if (typeof value === "string") return prefix + value;
      throw subject.refusal(`Property '${path}[${index}]' should be a string.`, [values, index]);
    });
  });
}
