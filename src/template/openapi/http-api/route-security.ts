import type { Route } from "../../../model/http-api.ts";
import type { RouteReport } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { NO_AUTHORIZER } from "../method-security.ts";
import type { HttpApiAuthorizers } from "./authorizers.ts";
import type { HttpApiContext } from "./load-http-api.ts";

type Security = Pick<Route, "authorizationType" | "authorizerId" | "authorizationScopes">;

const OPEN: Security = { authorizationType: "NONE", authorizationScopes: [] };

/**
 * Who may call a route: `security` of the operation, else of the root; an empty list or none at all is open (D). Several
 * requirements are an error (D). What is asked for and not understood makes the route answer 501, never open.
 */
export function readRouteSecurity(
  operation: SourceNode,
  { root }: HttpApiContext,
  authorizers: HttpApiAuthorizers,
  route: RouteReport,
): Security {
  const security = operation.get("security") ?? root.get("security");
  if (security === undefined) return OPEN;
  const refuse = (at: SourceNode, message: string, fix: string): Security => {
    route.refuse({ rule: "security-invalid", at: at.keyAt(), message, fix });
    return { authorizationType: "AWS_IAM", authorizationScopes: [] };
  };
  if (!security.isList) return refuse(security, `security is ${show(security.value)}, wanted a list.`, "Write a list.");
  const requirements = security.items();
  const [only] = requirements;
  if (only === undefined) return OPEN;
  const schemes = only.entries();
  const [scheme] = schemes;
  if (requirements.length > 1 || schemes.length > 1) {
    const message = "security asks for more than one scheme, wanted one: AWS refuses to import several.";
    return refuse(security, message, "Keep one security requirement.");
  }
  if (scheme === undefined) {
    return refuse(
      only,
      `security has the requirement ${show(only.value)}, wanted a scheme's name.`,
      "Name a scheme, or write security: [].",
    );
  }
  const scopes = scheme.items().map((item) => item.value);
  if (!scheme.isList || !scopes.every((scope) => typeof scope === "string")) {
    return refuse(
      scheme,
      `The scopes of ${scheme.name} are ${show(scheme.value)}, wanted a list of text.`,
      "Write a list.",
    );
  }
  if (scheme.name === NO_AUTHORIZER && !authorizers.defines(NO_AUTHORIZER)) return OPEN;
  const verdict = authorizers.scheme(scheme.name, scheme);
  if (!verdict.ok) {
    route.refuse(verdict.problem);
    return { authorizationType: "AWS_IAM", authorizationScopes: [] };
  }
  const { ok: _, ...authorization } = verdict;
  if (scopes.length > 0 && authorization.authorizationType !== "JWT") {
    const message = `${scheme.name} is no JWT authorizer and the route asks for scopes of it.`;
    return refuse(scheme, message, "Remove the scopes, or use a JWT authorizer.");
  }
  return { ...authorization, authorizationScopes: scopes };
}
