import { methodArn } from "../../aws/arn.ts";
import { Refusal } from "../refusal.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";
import { refuseAsUnsigned } from "./signature-refusal.ts";

/** The method ARN an authorised request may have at most, in bytes; longer answers 414 `Request URI too long` (D). */
const METHOD_ARN_MAX_BYTES = 1600;

/**
 * Finds the method for a request inside the deployed snapshot. A path or verb that is not there answers 403 as an
 * unsigned or wrongly signed call would (R): it looks like a token problem and is a wrong URL.
 * conformance/rest-api/routing, conformance/rest-api/not-found
 */
export function matchResource(request: RestRequest, deployment: RestDeployment): MatchedMethod<CompiledMethod> {
  const match = deployment.tree.match(request.path, request.method);
  if (match.outcome !== "matched") {
    const wrong =
      match.outcome === "no_method"
        ? `${request.method} is not deployed on ${request.path} (${match.methods.join(", ")} is)`
        : `no resource of the deployment matches ${request.path}`;
    throw refuseAsUnsigned(request, {
      unsigned: { reason: "route_not_found", message: wrong, actual: `${request.method} ${request.path}` },
      notSigV4: {
        reason: "route_not_found_bearer",
        message: `${wrong}; the Authorization header was read as SigV4 and the token was never looked at`,
        actual: `${request.method} ${request.path}`,
      },
      signed: `${wrong}; the request is signed, by an access key that is not known here`,
    });
  }
  const arn = methodArn({
    partition: deployment.partition,
    region: deployment.region,
    accountId: deployment.accountId,
    apiId: deployment.apiId,
    stage: deployment.stageName,
    method: request.method,
    path: request.path,
  });
  if (arn.length > METHOD_ARN_MAX_BYTES && (match.leaf.authorization.type !== "NONE" || deployment.resourcePolicy)) {
    throw new Refusal(
      "DEFAULT_4XX",
      {
        reason: "method_arn_too_long",
        message: `the method ARN has ${arn.length} bytes, ${METHOD_ARN_MAX_BYTES} are allowed`,
        expected: METHOD_ARN_MAX_BYTES,
        actual: arn.length,
      },
      { status: 414, message: "Request URI too long" },
    );
  }
  return { method: match.leaf, pathParameters: match.pathParameters, methodArn: arn };
}
