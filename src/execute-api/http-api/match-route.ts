import { methodArn } from "../../aws/arn.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { HttpApiRequest, MatchedRoute } from "./request.ts";

/**
 * Finds the route for a request. Undefined when the gateway answers itself: with CORS configured, an OPTIONS request that
 * no route takes (D). Everything else that no route takes is 404, a known path with another method too: there is no 405.
 * conformance/http-api/routing, conformance/http-api/cors
 */
export function matchRoute(request: HttpApiRequest, deployment: HttpApiDeployment): MatchedRoute | undefined {
  const { method, path } = request;
  const found = deployment.routes.find(method, path);
  if (found !== undefined) return { ...found, routeArn: routeArn(request, deployment) };
  if (method === "OPTIONS" && deployment.cors !== undefined) return undefined;
  throw new HttpApiRefusal(404, "Not Found", {
    reason: "http_route_not_found",
    message: `no route takes ${method} ${path}${hint(request, deployment)}`,
    expected: deployment.routes.routes.slice(0, MAX_LISTED_ROUTES).map(({ routeKey }) => routeKey),
    actual: `${method} ${path}`,
  });
}

const MAX_LISTED_ROUTES = 20;

/** The stage is a segment of its own, so the path is without it (D by example); a trailing slash is dropped (C). */
function routeArn({ method, path }: HttpApiRequest, deployment: HttpApiDeployment): string {
  const { partition, region, accountId, apiId, stageName } = deployment;
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  return methodArn({ partition, region, accountId, apiId, stage: stageName, method, path: trimmed });
}

/** The mistakes that look alike from outside: another method, a trailing slash, the stage in the path. */
function hint({ method, path }: HttpApiRequest, { routes, stageName }: HttpApiDeployment): string {
  const others = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((each) => each !== method && routes.find(each, path));
  if (others.length > 0) return `; the path has routes for ${others.join(", ")}`;
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  if (other !== "" && routes.find(method, other)) return `; ${other} has one: a trailing slash makes another path`;
  const [, first = "", ...rest] = path.split("/");
  if (first === stageName && routes.find(method, `/${rest.join("/")}`)) {
    return `; /${rest.join("/")} has one: the stage is twice in the path`;
  }
  return "";
}
