import { methodArn } from "../../aws/arn.ts";
import { identifySigner, type Signer, type SignerPorts } from "../authorizers/identify-signer.ts";
import { foundInstead } from "../authorizers/signature-evidence.ts";
import { withoutAccessKeyId } from "../authorizers/signer-record.ts";
import { pathReadings } from "../path-readings.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";
import { refuseSignature } from "./signature-refusal.ts";

/** The method ARN an authorised request may have at most, in bytes; longer answers 414 `Request URI too long` (D). */
const METHOD_ARN_MAX_BYTES = 1600;

/** What a verified signature gets where no method is: nothing else is known to be answered there (?). */
const SIGNED_ELSEWHERE = "MISSING_AUTHENTICATION_TOKEN";

/**
 * Finds the method for a request inside the deployed snapshot. A path or verb that is not there answers 403 as an
 * unsigned or wrongly signed call would (R): it looks like a token problem and is a wrong URL. Refuses at once, except a
 * signature by a key that is not known, which may have been made since.
 * conformance/rest-api/routing, conformance/rest-api/not-found
 */
export function matchResource(
  request: RestRequest,
  deployment: RestDeployment,
  ports: SignerPorts,
): MatchedMethod<CompiledMethod> | Promise<never> {
  const match = deployment.tree.match(request.path, request.method);
  if (match.outcome !== "matched") {
    const wrong =
      match.outcome === "no_method"
        ? `${request.method} is not deployed on ${request.path} (${match.methods.join(", ")} is)`
        : `no resource of the deployment matches ${request.path}`;
    const signer = identifySigner(request.incoming, deployment.region, ports);
    if (!(signer instanceof Promise)) throw refuseUnmatched(signer, wrong, request);
    return signer.then((known) => {
      throw refuseUnmatched(known, wrong, request);
    });
  }
  const arn = arnOf(request.path, request, deployment);
  if (arn.length > METHOD_ARN_MAX_BYTES && (match.leaf.authorization.type !== "NONE" || deployment.resourcePolicy)) {
    throw new RestApiRefusal(
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
  const otherArns = pathReadings(request.path)?.map((each) => arnOf(each, request, deployment));
  return { method: match.leaf, pathParameters: match.pathParameters, methodArn: arn, otherArns };
}

function arnOf(path: string, { method }: RestRequest, deployment: RestDeployment): string {
  const { partition, region, accountId, apiId, stageName } = deployment;
  return methodArn({ partition, region, accountId, apiId, stage: stageName, method, path });
}

/** Whatever is wrong with the credentials, the route is what has to be corrected: the reason and its message say so. */
function refuseUnmatched(signer: Signer, wrong: string, { method, path, incoming }: RestRequest): RestApiRefusal {
  const actual = `${method} ${path}`;
  if (signer.ok) {
    const message = `${wrong}; the signature of ${signer.identity.arn} is good`;
    return new RestApiRefusal(SIGNED_ELSEWHERE, { reason: "route_not_found_signed", message, actual });
  }
  const { failure } = signer;
  if (failure.reason === "signature_missing") {
    return refuseSignature(failure, { reason: "route_not_found", message: wrong, actual });
  }
  if (foundInstead(failure, incoming) !== undefined) {
    const message = `${wrong}; the Authorization header was read as SigV4 and the token was never looked at`;
    return refuseSignature(failure, { reason: "route_not_found_bearer", message, actual });
  }
  const message = `${wrong}; REST APIs judge a signature all the same: ${withoutAccessKeyId(failure.message, failure.accessKeyId)}`;
  return refuseSignature(failure, { reason: "route_not_found_signed", message, actual });
}
