import type { ActionRequest } from "../actions/actions.ts";
import { headerValues, type IssuerRequest } from "../issuer-request.ts";

/** What proves a client or a user, or is worth as much: an Action is the developer's, but may log what it is given. */
const SECRETS: ReadonlySet<string> = new Set(
  "client_secret client_assertion password code code_verifier refresh_token token".split(" "),
);

/** A token request as an Action sees it. */
export function actionRequest(request: IssuerRequest, parameters: ReadonlyMap<string, string>): ActionRequest {
  return {
    method: request.method,
    hostname: (headerValues(request, "host")[0] ?? "").replace(/:\d+$/, ""),
    ip: "127.0.0.1", // nobody else can reach a development issuer
    userAgent: headerValues(request, "user-agent")[0] ?? "",
    query: {},
    body: Object.fromEntries([...parameters].filter(([name]) => !SECRETS.has(name))),
  };
}
