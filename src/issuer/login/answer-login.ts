import type { IssuerContext } from "../issuer-context.ts";
import { type IssuerAnswer, type IssuerRequest, methodAndPath } from "../issuer-request.ts";
import { answerAuthorize } from "./authorize.ts";
import { answerConsentForm, answerConsentPage } from "./consent-page.ts";
import { answerLoginForm, answerLoginPage } from "./login-page.ts";
import { answerLogout, answerOidcLogout } from "./logout.ts";

/** /authorize, the login and consent pages, /v2/logout and /oidc/logout; undefined for any other path. */
export async function answerLogin(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer | undefined> {
  switch (methodAndPath(request)) {
    case "GET /authorize":
    case "POST /authorize":
      return answerAuthorize(request, context);
    case "GET /u/login":
      return answerLoginPage(request, context);
    case "POST /u/login":
      return answerLoginForm(request, context);
    case "GET /u/consent":
      return answerConsentPage(request, context);
    case "POST /u/consent":
      return answerConsentForm(request, context);
    case "GET /v2/logout":
      return answerLogout(request, context);
    case "GET /oidc/logout":
    case "POST /oidc/logout":
      return answerOidcLogout(request, context);
    default:
      return undefined;
  }
}
