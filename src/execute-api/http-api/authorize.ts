import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { authorizeWithIam } from "./authorize-with-iam.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { authorizeWithJwt } from "./jwt-authorizer.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";
import { authorizeWithRequest } from "./request-authorizer.ts";

/** The route's authorization. Without a promise unless a function, an issuer or the store of keys has to be asked. */
export function authorize(
  request: HttpApiRequest,
  matched: MatchedRoute,
  deployment: HttpApiDeployment,
  ports: Ports,
  trace: Trace,
): Caller | Promise<Caller> {
  const { authorization } = matched.route;
  switch (authorization.type) {
    case "NONE":
      trace.authorization = { type: "NONE" };
      return {};
    case "AWS_IAM":
      return authorizeWithIam({ request, matched, deployment, ports, trace });
    case "JWT":
      return authorizeWithJwt(authorization.authorizer, authorization.scopes, request, ports, trace);
    case "CUSTOM": {
      const around = { request, matched, deployment, ports, trace };
      return authorizeWithRequest(authorization.authorizer, authorization.invokeRefusal, around);
    }
    default:
      // Whatever else this should ever be lets nobody in.
      throw new Error(`authorization of ${JSON.stringify(authorization satisfies never)} is not decided`);
  }
}
