import { combineResourcePolicy, deniesBeforeAuthorizer } from "../../aws/policy/combine-resource-policy.ts";
import { evaluatePolicy } from "../../aws/policy/evaluate-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { decisionEvidence, deniedByResourcePolicy } from "./access-denied.ts";
import { authorizeWithIam } from "./authorize-with-iam.ts";
import { authorizeWithLambda } from "./authorize-with-lambda.ts";
import { authorizeWithCognito } from "./cognito-authorizer.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { authorizeWithJwt } from "./jwt-authorizer.ts";
import { MethodAccess } from "./method-access.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/**
 * The method's authorization together with the API's resource policy: an explicit Deny of the resource policy stops a
 * request before the authorizer is asked; afterwards the two are combined by AWS's table (D). Without a promise unless a
 * function, an issuer or the store of keys has to be asked.
 * conformance/rest-api/authorization, conformance/policies
 */
export function authorize(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  deployment: RestDeployment,
  ports: Ports,
  trace: Trace,
): Caller | Promise<Caller> {
  const { authorization } = matched.method;
  const { resourcePolicy } = deployment;
  const access = new MethodAccess(request, matched, ports.now);
  switch (authorization.type) {
    case "NONE": {
      trace.authorization = { type: "NONE" };
      if (resourcePolicy !== undefined) {
        const resource = evaluatePolicy([resourcePolicy], access);
        const combined = combineResourcePolicy({ authorizationType: "NONE", resource });
        trace.authorization = { type: "NONE", decision: combined.decision, ...decisionEvidence(combined, resource) };
        if (combined.decision !== "allow") throw deniedByResourcePolicy(combined, matched);
      }
      return {};
    }
    case "AWS_IAM":
      return authorizeWithIam({ request, matched, deployment, ports, trace });
    case "CUSTOM": {
      if (resourcePolicy !== undefined) {
        const before = deniesBeforeAuthorizer(resourcePolicy, access);
        if (before !== undefined) {
          trace.authorization = {
            type: "CUSTOM",
            authorizerName: authorization.authorizer.name,
            decision: before.decision,
            statement: before.statement,
          };
          throw deniedByResourcePolicy({ ...before, decision: "explicit_deny", side: "resource" }, matched);
        }
      }
      return authorizeWithLambda(authorization.authorizer, access, { request, matched, deployment, ports, trace });
    }
    case "COGNITO_USER_POOLS":
    case "JWT": {
      const { type, scopes } = authorization;
      const caller =
        authorization.type === "JWT"
          ? authorizeWithJwt(authorization.authorizer, scopes, request, ports, trace)
          : authorizeWithCognito(authorization.authorizer, scopes, request, ports, trace);
      if (resourcePolicy === undefined) return caller;
      const allowed = (authorized: Caller): Caller => {
        demandAllow(type, resourcePolicy, access, matched, trace);
        return authorized;
      };
      return caller instanceof Promise ? caller.then(allowed) : allowed(caller);
    }
    default:
      // Whatever else this should ever be lets nobody in.
      throw new Error(`authorization of ${JSON.stringify(authorization satisfies never)} is not decided`);
  }
}

/** Once the token is good the resource policy alone decides: with Cognito (D), and with JWT by analogy (?). */
function demandAllow(
  authorizationType: "COGNITO_USER_POOLS" | "JWT",
  resourcePolicy: Policy,
  access: MethodAccess,
  matched: MatchedMethod<CompiledMethod>,
  trace: Trace,
): void {
  const resource = evaluatePolicy([resourcePolicy], access);
  const combined = combineResourcePolicy({ authorizationType, resource });
  const { decision } = combined;
  const evidence = decisionEvidence(combined, resource);
  trace.authorization = { type: authorizationType, ...trace.authorization, decision, ...evidence };
  if (decision !== "allow") throw deniedByResourcePolicy(combined, matched);
}
