import { combineResourcePolicy, deniesBeforeAuthorizer } from "../../aws/policy/combine-resource-policy.ts";
import { evaluatePolicy } from "../../aws/policy/evaluate-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { decisionEvidence, deniedByResourcePolicy } from "./access-denied.ts";
import { authorizeWithLambda } from "./authorize-with-lambda.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { authorizeWithJwt } from "./jwt-authorizer.ts";
import { MethodAccess } from "./method-access.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";
import { refuseAsUnsigned } from "./signature-refusal.ts";

/**
 * The method's authorization together with the API's resource policy: an explicit Deny of the resource policy stops a
 * request before the authorizer is asked; afterwards the two are combined by AWS's table (D). Without a promise unless a
 * function or an issuer has to be asked.
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
  const access = new MethodAccess(request, matched.methodArn, ports.now);
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
      trace.authorization = { type: "AWS_IAM" };
      throw refuseAsUnsigned(request, {
        unsigned: {
          reason: "iam_unsigned",
          message: `${request.method} ${matched.method.resourcePath} wants a SigV4 signature and the request has none`,
        },
        notSigV4: {
          reason: "iam_bearer_token",
          message: `${request.method} ${matched.method.resourcePath} has AWS_IAM authorization and the Authorization header is no SigV4 signature`,
        },
        signed: "the signature's access key is not known here",
      });
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
          throw deniedByResourcePolicy({ decision: "explicit_deny", side: "resource" }, matched);
        }
      }
      return authorizeWithLambda(authorization.authorizer, access, { request, matched, deployment, ports, trace });
    }
    case "JWT": {
      const caller = authorizeWithJwt(authorization.authorizer, authorization.scopes, request, ports, trace);
      if (resourcePolicy === undefined) return caller;
      const allowed = (authorized: Caller): Caller => {
        demandAllow(resourcePolicy, access, matched, trace);
        return authorized;
      };
      return caller instanceof Promise ? caller.then(allowed) : allowed(caller);
    }
  }
}

/** Once the token is good the resource policy alone decides, as with Cognito (D; for JWT ?). */
function demandAllow(
  resourcePolicy: Policy,
  access: MethodAccess,
  matched: MatchedMethod<CompiledMethod>,
  trace: Trace,
): void {
  const resource = evaluatePolicy([resourcePolicy], access);
  const combined = combineResourcePolicy({ authorizationType: "JWT", resource });
  const { decision } = combined;
  trace.authorization = { type: "JWT", ...trace.authorization, decision, ...decisionEvidence(combined, resource) };
  if (decision !== "allow") throw deniedByResourcePolicy(combined, matched);
}
