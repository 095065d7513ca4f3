import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { authorizeWithJwt } from "./jwt-authorizer.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";
import { authorizeWithRequest } from "./request-authorizer.ts";

/** `$context.authorizer.error` of an unsigned request (R). */
const NOT_SIGNED_LOG_TEXT = "The request for the IAM Authorizer doesn't match the format that API Gateway expects.";

/** The route's authorization. Without a promise unless a function or an issuer has to be asked. */
export function authorize(
  request: HttpApiRequest,
  matched: MatchedRoute,
  deployment: HttpApiDeployment,
  ports: Ports,
  trace: Trace,
): Caller | Promise<Caller> {
  const { authorization, routeKey } = matched.route;
  switch (authorization.type) {
    case "NONE":
      trace.authorization = { type: "NONE" };
      return {};
    case "AWS_IAM":
      trace.authorization = { type: "AWS_IAM" };
      throw refuseIam(routeKey, request);
    case "JWT":
      return authorizeWithJwt(authorization.authorizer, authorization.scopes, request, ports, trace);
    case "CUSTOM": {
      const around = { request, matched, deployment, ports, trace };
      return authorizeWithRequest(authorization.authorizer, authorization.invokeRefusal, around);
    }
  }
}

/** All refusals are a bare 403 `Forbidden`, without the signature's explanation that REST APIs give (C). */
function refuseIam(routeKey: string, { headers, query }: HttpApiRequest): HttpApiRefusal {
  const sent = headers.last("authorization");
  const isSigned = /^AWS4-/.test(sent ?? "") || query.has("X-Amz-Signature");
  const found = isSigned
    ? "a signature by an access key that is not known here"
    : sent === undefined
      ? "no signature"
      : /^bearer /i.test(sent)
        ? "a Bearer token"
        : "an Authorization header that is no signature";
  return new HttpApiRefusal(
    403,
    "Forbidden",
    {
      reason: isSigned ? "iam_unknown_key" : sent === undefined ? "iam_unsigned" : "iam_bearer_token",
      message: `${routeKey} has AWS_IAM authorization and the request has ${found}`,
      expected: "AWS4-HMAC-SHA256 …",
      actual: found,
    },
    isSigned ? {} : { authorizerError: NOT_SIGNED_LOG_TEXT },
  );
}
