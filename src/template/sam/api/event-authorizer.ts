import { isMapping } from "../../source-node.ts";
import { isTruthy, member } from "../intrinsic.ts";
import type { SamRefusal } from "../sam-refusal.ts";
import { type Made, mapping } from "../sam-template.ts";
import type { Route } from "./definition-paths.ts";
import { type Subject, worded } from "./subject.ts";

/** Refuses an event whose `Auth.Authorizer` its REST API does not have. AWS_IAM is built in. */
export function requireKnownAuthorizer(
  subject: Subject,
  route: Route,
  auth: Made,
  apiAuth: unknown,
  api: Subject,
): void {
  const wanted = auth.Authorizer;
  const authorizers = member(apiAuth, "Authorizers");
  if (isTruthy(authorizers) && !isMapping(authorizers)) {
    throw api.refusal("Property 'Auth.Authorizers' should be a map.", [apiAuth as Made, "Authorizers"]);
  }
  if (wanted === "AWS_IAM") return;
  if (wanted === "NONE") requireDefault(subject, route, auth, apiAuth);
  else requireDefined(subject, route, auth, authorizers);
}

/** The same for HTTP APIs, where AWS_IAM is built in only when it is enabled. */
export function requireKnownHttpAuthorizer(subject: Subject, route: Route, auth: Made, apiAuth: unknown): void {
  const wanted = auth.Authorizer;
  if (wanted === "AWS_IAM" && member(apiAuth, "EnableIamAuthorizer") === true) return;
  if (wanted === "NONE") {
    requireDefault(subject, route, auth, apiAuth);
    return;
  }
  const authorizers = isTruthy(apiAuth) ? member(apiAuth, "Authorizers") : mapping({});
  if (typeof wanted !== "string" || !isMapping(authorizers)) throw shapeRefusal(subject, route, auth);
  requireDefined(subject, route, auth, authorizers);
}

function requireDefault(subject: Subject, { path, method }: Route, auth: Made, apiAuth: unknown): void {
  if (isTruthy(member(apiAuth, "DefaultAuthorizer"))) return;
  throw subject.refusal(
    `Unable to set Authorizer on API method [${method}] for path [${path}] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    [auth, "Authorizer"],
    "Remove it: no authorizer is asked anyway.",
  );
}

function requireDefined(subject: Subject, route: Route, auth: Made, authorizers: unknown): void {
  const wanted = auth.Authorizer;
  const unable = `Unable to set Authorizer [${worded(wanted)}] on API method [${route.method}] for path [${route.path}] because`;
  const where = [auth, "Authorizer"] as const;
  if (!isTruthy(authorizers)) {
    throw subject.refusal(
      `${unable} the related API does not define any Authorizers.`,
      where,
      "Define it in the API's Auth.",
    );
  }
  if (typeof wanted !== "string" || !isMapping(authorizers)) throw shapeRefusal(subject, route, auth);
  if (isTruthy(member(authorizers, wanted))) return;
  throw subject.refusal(
    `${unable} it wasn't defined in the API's Authorizers.`,
    where,
    `Name one of ${Object.keys(authorizers).join(", ")}, or define it.`,
  );
}

function shapeRefusal(subject: Subject, { path, method }: Route, auth: Made): SamRefusal {
  return subject.refusal(
    `Unable to set Authorizer [${worded(auth.Authorizer)}] on API method [${method}] for path [${path}]. The method authorizer must be a string with a corresponding dict entry in the api authorizer.`,
    [auth, "Authorizer"],
  );
}
