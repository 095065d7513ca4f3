import type { Finding } from "../../model/finding.ts";
import type { Authorizer, RestApi } from "../../model/rest-api.ts";
import { ISSUER_PLACEHOLDER, type ProjectFile } from "../../template/project-file.ts";
import type { LoadedApi } from "./load-project.ts";

const MAX_NAMED_METHODS = 5;

/**
 * ARN of a user pool → the issuer that answers for it here, as the project file says. What would surprise whoever wrote the
 * pools and their authorizers goes to `findings`: a pool that nothing trusts, a method that can only answer 401.
 */
export function projectUserPools(
  { userPools }: ProjectFile,
  apis: readonly LoadedApi[],
  issuerUrl: string | undefined,
  findings: Finding[],
): ReadonlyMap<string, string> {
  const cognito = apis.flatMap((each) => (each.type === "REST" ? cognitoAuthorizersOf(each.api) : []));
  const trusted = new Set(cognito.flatMap(({ authorizer }) => authorizer.providerARNs));
  for (const [arn, { issuer, at }] of Object.entries(userPools)) {
    if (issuerUrl === undefined && issuer.includes(ISSUER_PLACEHOLDER)) findings.push(issuerMissing(arn, at));
    if (!trusted.has(arn)) findings.push(poolUnused(arn, at));
  }
  for (const { authorizer, scopedMethods } of cognito) {
    if (authorizer.identityValidationExpression && scopedMethods.length > 0) {
      findings.push(alwaysRefused(authorizer, scopedMethods));
    }
    if (authorizer.authorizerResultTtlInSeconds !== undefined) findings.push(ttlIgnored(authorizer));
  }
  const issuers = Object.entries(userPools).map(([arn, { issuer }]) => [arn, issuer] as const);
  return new Map(
    issuers.map(([arn, issuer]) => [arn, issuer.replaceAll(ISSUER_PLACEHOLDER, issuerUrl ?? ISSUER_PLACEHOLDER)]),
  );
}

/** The Cognito authorizers of an API, each with its methods that want scopes, e.g. `GET /pets`. */
function cognitoAuthorizersOf({ authorizers, resources }: RestApi) {
  return authorizers
    .filter(({ type }) => type === "COGNITO_USER_POOLS")
    .map((authorizer) => ({
      authorizer,
      scopedMethods: resources.flatMap(({ path, resourceMethods }) =>
        resourceMethods
          .filter(({ authorizerId, authorizationScopes }) => {
            return authorizerId === authorizer.id && authorizationScopes.length > 0;
          })
          .map(({ httpMethod }) => `${httpMethod} ${path}`),
      ),
    }));
}

function issuerMissing(arn: string, at: Finding["at"]): Finding {
  return {
    rule: "user-pool-issuer-missing",
    severity: "error",
    effect: "load",
    message: `The user pool ${arn} is answered for by ${ISSUER_PLACEHOLDER}, and no local issuer runs.`,
    fix: "Name an issuer's URL, or start with the local issuer.",
    at,
  };
}

function poolUnused(arn: string, at: Finding["at"]): Finding {
  return {
    rule: "user-pool-unused",
    severity: "warning",
    effect: "none",
    message: `userPools names ${arn}, which no COGNITO_USER_POOLS authorizer of a REST API trusts: it has no effect.`,
    fix: "Correct the ARN, or remove it; for a JWT authorizer name its issuer under issuers.",
    at,
  };
}

/** (D) The expression is held against `aud`: https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html */
function alwaysRefused({ name, at }: Authorizer, methods: readonly string[]): Finding {
  const more = methods.length - MAX_NAMED_METHODS;
  const named = `${methods.slice(0, MAX_NAMED_METHODS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return {
    rule: "cognito-validation-with-scopes",
    severity: "warning",
    effect: "none",
    message: `The authorizer ${name} holds identityValidationExpression against a token's aud, which the access tokens that methods with scopes want do not have: every request is answered 401 by ${named}.`,
    fix: "Remove the expression, or use an authorizer without it for those methods.",
    at,
    logicalId: name,
  };
}

function ttlIgnored({ name, at }: Authorizer): Finding {
  return {
    rule: "authorizer-ttl-ignored",
    severity: "info",
    effect: "none",
    message: `authorizerResultTtlInSeconds has no effect on the Cognito authorizer ${name} here: every request is decided anew.`,
    fix: "It may stay.",
    at,
    logicalId: name,
  };
}
