import { methodArn } from "../../aws/arn.ts";
import { pathReadings } from "../path-readings.ts";
import type { CompiledRoute, HttpApiDeployment, RouteAuthorization } from "./deployment.ts";
import { decodePercent } from "./read-request.ts";
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
  if (found !== undefined) {
    refuseOtherRoute(request, found.route, deployment);
    return { ...found, routeArn: routeArn(request, deployment), otherArns: otherArns(request, deployment) };
  }
  if (method === "OPTIONS" && deployment.cors !== undefined) return undefined;
  throw new HttpApiRefusal(404, "Not Found", {
    reason: "http_route_not_found",
    message: `no route takes ${method} ${path}${hint(request, deployment)}`,
    expected: deployment.routes.routes.slice(0, MAX_LISTED_ROUTES).map(({ routeKey }) => routeKey),
    actual: `${method} ${path}`,
  });
}

const MAX_LISTED_ROUTES = 20;

const ENCODED_SEPARATOR = /%2f|%3f/i;

/**
 * `/open/admin%2Fx` may be a route's one open segment, and its function sees `/open/admin/x` (R), which may be what another
 * route protects. Which of the two AWS takes is not known (?): neither is, unless whoever passes one passes the other.
 */
function refuseOtherRoute(
  { method, path, rawPath }: HttpApiRequest,
  route: CompiledRoute,
  { routes, stageName }: HttpApiDeployment,
): void {
  if (!ENCODED_SEPARATOR.test(path)) return;
  const seen = stageName === "$default" ? rawPath : rawPath.slice(stageName.length + 1);
  const other = routes.find(method, seen)?.route;
  if (other === undefined || isSameAuthorization(route.authorization, other.authorization)) return;
  throw new HttpApiRefusal(404, "Not Found", {
    reason: "http_route_ambiguous",
    message: `${path} is a path of ${route.routeKey}, its function would see ${seen}, and that is a path of ${other.routeKey}, which authorizes otherwise`,
    expected: `${seen}, or a path without an encoded slash or question mark`,
    actual: `${method} ${path}`,
  });
}

function isSameAuthorization(one: RouteAuthorization, other: RouteAuthorization): boolean {
  if (one.type === "CUSTOM") return other.type === "CUSTOM" && one.authorizer.id === other.authorizer.id;
  if (one.type !== "JWT") return one.type === other.type;
  return other.type === "JWT" && one.authorizer.id === other.authorizer.id && isSameList(one.scopes, other.scopes);
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}

/**
 * Whether the ARN has the path decoded, as everything else that a function sees of it (R) and as routes are found (?). Of a
 * path as it was sent, `/%61dmin` would reach the route `/admin` and go past a policy's Deny of it. A slash inside a
 * segment stays encoded: it would make another route's ARN.
 */
const ROUTE_ARN_IS_DECODED = true;

function routeArn({ method, path }: HttpApiRequest, deployment: HttpApiDeployment): string {
  const isAsSent = !ROUTE_ARN_IS_DECODED || !path.includes("%");
  return arnOf(method, isAsSent ? path : path.split("/").map(decodedSegment).join("/"), deployment);
}

/** `/admin%2Fx` is one segment to routes and policies and `/admin/x` to the function (R). */
function otherArns({ method, path }: HttpApiRequest, deployment: HttpApiDeployment): readonly string[] | undefined {
  return pathReadings(path)?.map((each) => arnOf(method, each, deployment));
}

/** The stage is a segment of its own, so the path is without it (D by example); a trailing slash is dropped (C). */
function arnOf(method: string, path: string, deployment: HttpApiDeployment): string {
  const { partition, region, accountId, apiId, stageName } = deployment;
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  return methodArn({ partition, region, accountId, apiId, stage: stageName, method, path: trimmed });
}

function decodedSegment(segment: string): string {
  return decodePercent(segment).replaceAll("/", "%2F");
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
