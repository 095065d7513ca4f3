import type { CorsConfiguration } from "../../model/http-api.ts";
import type { Answer } from "../transport.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import type { HttpApiRequest } from "./request.ts";

/** An API's CORS configuration, ready to answer. conformance/http-api/cors */
export interface Cors {
  readonly allowsOrigin: (origin: string) => boolean;
  /** `*` is answered where the list holds it and no credentials are allowed; else the origin itself. */
  readonly answersStar: boolean;
  readonly allowsMethod: (method: string) => boolean;
  readonly allowsHeader: (lowerCaseName: string) => boolean;
  /** For every response to an allowed origin. */
  readonly responseHeaders: readonly string[];
  /** For preflight responses besides. */
  readonly preflightHeaders: readonly string[];
}

export type CorsVerdict = { readonly ok: true; readonly cors: Cors } | { readonly ok: false; readonly message: string };

/** Status of the gateway's own preflight answer (?: the common report). */
const PREFLIGHT_STATUS = 204;
/** Whether a preflight for a method or header that is not configured gets no CORS headers (?). */
const PREFLIGHT_NEEDS_METHOD_AND_HEADERS = true;
/** Whether `access-control-expose-headers` is on preflights, too (?). */
const PREFLIGHT_EXPOSES_HEADERS = false;
/** Whether errors that the gateway makes carry CORS headers (?: reports differ for a JWT 401). */
const ERRORS_HAVE_CORS_HEADERS = true;
/** Whether backend CORS headers are dropped for requests without `Origin`, too (?). */
const STRIPS_WITHOUT_ORIGIN = true;
/** Origins that stand for every host of a scheme (D). `https://*.example.com` is none of them (D by absence). */
const SCHEME_WILDCARDS = ["https://*", "http://*"];

export function compileCors(configuration: CorsConfiguration): CorsVerdict {
  const { allowOrigins = [], allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials } = configuration;
  const hasStar = allowOrigins.includes("*");
  if (allowCredentials && hasStar) {
    return { ok: false, message: "allow-credentials is not supported if 'allow-origin' is *" }; // (R)
  }
  const origins = new Set(allowOrigins);
  const schemes = SCHEME_WILDCARDS.filter((each) => origins.has(each)).map((each) => each.slice(0, -1));
  const methods = new Set(allowMethods?.map((each) => each.toUpperCase()));
  const headers = new Set(allowHeaders?.map((each) => each.toLowerCase()));
  const responseHeaders: string[] = [];
  if (allowCredentials) responseHeaders.push("access-control-allow-credentials", "true");
  const exposed: string[] = [];
  if (exposeHeaders?.length) exposed.push("access-control-expose-headers", exposeHeaders.join(","));
  const preflightHeaders: string[] = PREFLIGHT_EXPOSES_HEADERS ? [...exposed] : [];
  if (allowMethods?.length) preflightHeaders.push("access-control-allow-methods", allowMethods.join(","));
  if (allowHeaders?.length) preflightHeaders.push("access-control-allow-headers", allowHeaders.join(","));
  if (maxAge !== undefined) preflightHeaders.push("access-control-max-age", String(maxAge));
  return {
    ok: true,
    cors: {
      allowsOrigin: (origin) => hasStar || origins.has(origin) || schemes.some((each) => origin.startsWith(each)),
      answersStar: hasStar,
      // What is not configured is not looked at: its header is absent, and the browser refuses (D).
      allowsMethod: (method) => methods.size === 0 || methods.has("*") || methods.has(method.toUpperCase()),
      allowsHeader: (name) => headers.size === 0 || headers.has("*") || headers.has(name),
      responseHeaders: [...responseHeaders, ...exposed],
      preflightHeaders: [...responseHeaders, ...preflightHeaders],
    },
  };
}

/** The gateway's own answer to an OPTIONS request that no route takes. Never an error status (?). */
export function answerPreflight(request: HttpApiRequest, { cors }: HttpApiDeployment): Answer {
  const headers = cors === undefined || !isPreflight(request) ? [] : preflightHeaders(request, cors);
  return { status: PREFLIGHT_STATUS, headers, body: "" };
}

/**
 * With a configuration the backend's own CORS headers are replaced (D); without one nothing is touched (R). A preflight
 * that a route has taken gets a preflight's headers (D: the open OPTIONS route), unless the gateway refused it (R).
 */
export function withCors(
  answer: Answer,
  request: HttpApiRequest,
  { cors }: HttpApiDeployment,
  isGatewayError = false,
): Answer {
  if (cors === undefined || (isGatewayError && !ERRORS_HAVE_CORS_HEADERS)) return answer;
  const origin = request.headers.last("origin");
  if (origin === undefined && !STRIPS_WITHOUT_ORIGIN) return answer;
  const headers: string[] = [];
  for (let at = 0; at < answer.headers.length; at += 2) {
    const name = answer.headers[at] as string;
    if (!/^access-control-/i.test(name)) headers.push(name, answer.headers[at + 1] as string);
  }
  if (isPreflight(request)) {
    if (!isGatewayError) headers.push(...preflightHeaders(request, cors));
  } else if (origin !== undefined && cors.allowsOrigin(origin)) {
    headers.push("access-control-allow-origin", allowedOrigin(cors, origin), ...cors.responseHeaders);
  }
  return { ...answer, headers };
}

/** By both of its headers (D). */
function isPreflight({ method, headers }: HttpApiRequest): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

/** None unless origin, method and headers are allowed. */
function preflightHeaders({ headers }: HttpApiRequest, cors: Cors): readonly string[] {
  const origin = headers.last("origin") ?? "";
  const method = headers.last("access-control-request-method") ?? "";
  const asked = (headers.last("access-control-request-headers") ?? "").split(",").map((each) => each.trim());
  const isAllowed =
    cors.allowsMethod(method) && asked.every((name) => name === "" || cors.allowsHeader(name.toLowerCase()));
  if (!cors.allowsOrigin(origin) || (PREFLIGHT_NEEDS_METHOD_AND_HEADERS && !isAllowed)) return [];
  return ["access-control-allow-origin", allowedOrigin(cors, origin), ...cors.preflightHeaders];
}

function allowedOrigin(cors: Cors, origin: string): string {
  return cors.answersStar ? "*" : origin;
}
