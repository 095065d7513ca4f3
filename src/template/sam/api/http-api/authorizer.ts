import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { authorizerUri } from "../authorizer-function.ts";
import type { Subject } from "../subject.ts";

/** An authorizer of AWS::Serverless::HttpApi, checked as SAM checks it. */
export interface HttpAuthorizer {
  readonly name: string;
  readonly type: "AWS_IAM" | "JWT" | "REQUEST";
  readonly config: Made;
  readonly scopes: readonly unknown[] | undefined;
  readonly at: SourcePosition;
}

/** Which authorizers may have a property, in SAM's words. */
const OAUTH2 = {
  AuthorizationScopes: "OAuth2 Authorizer",
  JwtConfiguration: "OAuth2 Authorizer",
  IdentitySource: "OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead",
};
const LAMBDA = {
  FunctionArn: "Lambda Authorizer",
  FunctionInvokeRole: "Lambda Authorizer",
  Identity: "Lambda Authorizer",
  AuthorizerPayloadFormatVersion: "Lambda Authorizer",
  EnableSimpleResponses: "Lambda Authorizer",
  EnableFunctionDefaultPermissions: "Lambda Authorizer",
};

/** The authorizers of an API's `Auth`, the built-in AWS_IAM among them where it is enabled. */
export function readHttpAuthorizers(subject: Subject, auth: Made): HttpAuthorizer[] {
  const { sam } = subject;
  const builtIn: HttpAuthorizer = {
    name: "AWS_IAM",
    type: "AWS_IAM",
    config: mapping({}),
    scopes: undefined,
    at: sam.at(auth, "EnableIamAuthorizer", subject.at),
  };
  const found = auth.EnableIamAuthorizer === true ? [builtIn] : [];
  const authorizers = auth.Authorizers;
  if (!isTruthy(authorizers)) return found;
  if (!isMapping(authorizers)) {
    throw subject.refusal("Property 'Auth.Authorizers' should be a map.", [auth, "Authorizers"]);
  }
  const named = Object.keys(authorizers).map((name) => {
    const config = authorizers[name];
    if (!isMapping(config)) {
      throw subject.refusal(`Property 'Auth.Authorizers.${name}' should be a map.`, [authorizers, name]);
    }
    return readHttpAuthorizer(subject, name, config, sam.at(authorizers, name, subject.at));
  });
  // One of the user's that is called AWS_IAM takes the place of the built-in one.
  return [...found.filter(({ name }) => !named.some((each) => each.name === name)), ...named];
}

function readHttpAuthorizer(subject: Subject, name: string, config: Made, at: SourcePosition): HttpAuthorizer {
  if (Object.hasOwn(config, "OpenIdConnectUrl")) {
    throw subject.refusal(
      `'OpenIdConnectUrl' is no longer a supported property for authorizer '${name}'. Please refer to the AWS SAM documentation.`,
      [config, "OpenIdConnectUrl"],
      "Write JwtConfiguration with issuer and audience.",
    );
  }
  const jwt = config.JwtConfiguration;
  if (isTruthy(jwt) && !isMapping(jwt)) {
    throw subject.refusal("Property 'JwtConfiguration' should be a map.", [config, "JwtConfiguration"]);
  }
  const type = isTruthy(jwt) ? "JWT" : "REQUEST";
  const scopes = member(config, "AuthorizationScopes");
  if (scopes !== undefined && !Array.isArray(scopes)) {
    throw subject.refusal("AuthorizationScopes must be a list.", [config, "AuthorizationScopes"]);
  }
  for (const [key, owner] of Object.entries(type === "JWT" ? LAMBDA : OAUTH2)) {
    // An empty JwtConfiguration is none (C).
    if (member(config, key) === undefined || (key === "JwtConfiguration" && !isTruthy(jwt))) continue;
    throw subject.refusal(`${key} is only supported for ${owner}.`, [config, key]);
  }
  const require = (key: string, kind: string): void => {
    if (isTruthy(config[key])) return;
    const where = Object.hasOwn(config, key) ? ([config, key] as const) : undefined;
    throw subject.refusal(`${name} ${kind} Authorizer must define '${key}'.`, where, `Add ${key}.`);
  };
  if (type === "JWT") require("IdentitySource", "OAuth2");
  else for (const key of ["FunctionArn", "AuthorizerPayloadFormatVersion"]) require(key, "Lambda");
  const withPermission = member(config, "EnableFunctionDefaultPermissions");
  if (withPermission !== undefined && typeof withPermission !== "boolean") {
    throw subject.refusal(`Property 'Authorizers.${name}.EnableFunctionDefaultPermissions' should be a boolean.`, [
      config,
      "EnableFunctionDefaultPermissions",
    ]);
  }
  return { name, type, config, scopes, at };
}

const EXTENSION = "x-amazon-apigateway-authorizer";

/** The security scheme of an authorizer. */
export function httpSecurityScheme(subject: Subject, authorizer: HttpAuthorizer): Made {
  const { origins } = subject.sam;
  if (authorizer.type === "AWS_IAM") {
    return mapping({
      type: "apiKey",
      name: "Authorization",
      in: "header",
      "x-amazon-apigateway-authtype": "awsSigv4",
    });
  }
  const isJwt = authorizer.type === "JWT";
  const extension = isJwt ? jwtExtension(subject, authorizer) : lambdaExtension(subject, authorizer);
  const scheme = isJwt
    ? mapping({ type: "oauth2", [EXTENSION]: extension })
    : mapping({ type: "apiKey", name: "Unused", in: "header", [EXTENSION]: extension });
  origins.set(scheme, EXTENSION, authorizer.at);
  return scheme;
}

/** OpenAPI wants `issuer` and `audience`, which many write as CloudFormation does. */
function jwtExtension(subject: Subject, { config, at }: HttpAuthorizer): Made {
  const { sam } = subject;
  const given = config.JwtConfiguration as Made;
  const jwtConfiguration = mapping({});
  for (const key of Object.keys(given)) {
    jwtConfiguration[key.toLowerCase()] = given[key];
    sam.origins.set(jwtConfiguration, key.toLowerCase(), sam.at(given, key, at));
  }
  const extension = mapping({ jwtConfiguration, identitySource: config.IdentitySource, type: "jwt" });
  sam.origins.set(extension, "jwtConfiguration", sam.at(config, "JwtConfiguration", at));
  sam.origins.set(extension, "identitySource", sam.at(config, "IdentitySource", at));
  return extension;
}

function lambdaExtension(subject: Subject, { name, config, at }: HttpAuthorizer): Made {
  const { sam } = subject;
  const extension = mapping({
    type: "request",
    authorizerUri: authorizerUri(sam.place.partition, config.FunctionArn),
  });
  const set = (key: string, value: unknown, from: Made, property: string): void => {
    extension[key] = value;
    sam.origins.set(extension, key, sam.at(from, property, at));
  };
  const role = config.FunctionInvokeRole;
  if (isTruthy(role) && role !== "NONE") set("authorizerCredentials", role, config, "FunctionInvokeRole");
  const identity = config.Identity;
  if (isTruthy(identity)) {
    if (!isMapping(identity)) {
      throw subject.refusal(`Property 'Auth.Authorizers.${name}.Identity' should be a map.`, [config, "Identity"]);
    }
    const seconds = member(identity, "ReauthorizeEvery");
    if (seconds !== undefined) set("authorizerResultTtlInSeconds", seconds, identity, "ReauthorizeEvery");
    set("identitySource", identitySources(subject, name, identity), config, "Identity");
  }
  const version = "AuthorizerPayloadFormatVersion";
  set("authorizerPayloadFormatVersion", config[version], config, version);
  const simple = config.EnableSimpleResponses;
  if (isTruthy(simple)) set("enableSimpleResponses", simple, config, "EnableSimpleResponses");
  return extension;
}

function identitySources(subject: Subject, name: string, identity: Made): string[] {
  const prefixes = {
    Headers: "$request.header.",
    QueryStrings: "$request.querystring.",
    StageVariables: "$stageVariables.",
    Context: "$context.",
  };
  return Object.entries(prefixes).flatMap(([key, prefix]) => {
    const values = identity[key];
    if (!isTruthy(values)) return [];
    const path = `Authorizers.${name}.Identity.${key}`;
    if (!Array.isArray(values)) throw subject.refusal(`Property '${path}' should be a list.`, [identity, key]);
    return values.map((value, index) => {
      if (typeof value === "string") return prefix + value;
      throw subject.refusal(`Property '${path}[${index}]' should be a string.`, [values, index]);
    });
  });
}
