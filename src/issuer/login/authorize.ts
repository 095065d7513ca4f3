import type { ActionRequest } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { headerValues, type IssuerAnswer, type IssuerRequest } from "../issuer-request.ts";
import { askPerson } from "./ask-person.ts";
import { LOGIN_REQUIRED } from "./authorize-refusals.ts";
import { currentLogin } from "./current-login.ts";
import { settle } from "./grant-code.ts";
import { type Authorization, judgeAuthorization } from "./judge-authorization.ts";
import { readParameters } from "./read-parameters.ts";
import { claimedBy, parametersMalformed, refuseAuthorization, refuseByResponse, refuseOnPage } from "./refusals.ts";
import type { Session } from "./sessions.ts";

/** GET and POST /authorize: a code for who is logged in already, else the way to the login page. */
export async function answerAuthorize(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const read = readParameters(request);
  if (!read.ok) return refuseOnPage(request, context, parametersMalformed(read.description));
  const { parameters } = read;
  const verdict = judgeAuthorization(parameters, context);
  if (!verdict.ok) return refuseAuthorization(request, context, parameters, verdict);

  const { authorization } = verdict;
  const { target } = authorization;
  const started = { parameters, request: actionRequest(request, parameters) };
  const current = await currentLogin(request, context);
  if (current === undefined || wantsLogin(authorization, current.session, context)) {
    if (target.isSilent) return refuseByResponse(request, context, target, LOGIN_REQUIRED, claimedBy(parameters));
    return askPerson(request, context, { ...started, page: "login" });
  }
  return settle(request, context, { ...started, ...current, authorization });
}

function wantsLogin({ prompts, maxAgeSeconds }: Authorization, session: Session, { state }: IssuerContext): boolean {
  if (prompts.includes("login") || prompts.includes("select_account")) return true;
  return maxAgeSeconds !== undefined && state.clock() / 1000 >= session.authTimeSeconds + maxAgeSeconds;
}

/** What Actions see of the request: parameters that decide nothing here too (D). */
function actionRequest(request: IssuerRequest, parameters: ReadonlyMap<string, string>): ActionRequest {
  const sent = Object.fromEntries(parameters);
  const isForm = request.method === "POST";
  return {
    method: request.method,
    hostname: (headerValues(request, "host")[0] ?? "").replace(/:\d+$/, ""),
    // Only this machine can ask.
    ip: "127.0.0.1",
    userAgent: headerValues(request, "user-agent")[0] ?? "",
    query: isForm ? {} : sent,
    body: isForm ? sent : {},
  };
}
