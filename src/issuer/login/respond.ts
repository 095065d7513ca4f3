import type { IssuerAnswer } from "../issuer-request.ts";
import { html, pageAnswer, redirectAnswer, scriptJson } from "./html.ts";
import { originOf } from "./origins.ts";
import { asLocation, encodeParameters, withQuery } from "./redirect-target.ts";

export const RESPONSE_MODES = ["query", "fragment", "form_post", "web_message"] as const;
export type ResponseMode = (typeof RESPONSE_MODES)[number];

/** Where and how the application is answered. Only a callback of its list gets here. */
export interface ResponseTarget {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
  /** `prompt=none`: the answer may be shown in a frame of the application's page. */
  readonly isSilent: boolean;
}

export type ResponseParameters = readonly (readonly [string, string])[];

/** Answers an authorization request: a code, or an error, with the application's `state`. */
export function respond(
  { redirectUri, responseMode, state, isSilent }: ResponseTarget,
  given: ResponseParameters,
): IssuerAnswer {
  const parameters: ResponseParameters = state === undefined ? given : [...given, ["state", state]];
  switch (responseMode) {
    case "query":
      return redirectAnswer(asLocation(withQuery(redirectUri, parameters)));
    case "fragment":
      return redirectAnswer(asLocation(`${redirectUri}#${encodeParameters(parameters)}`));
    case "form_post":
      return formPost(redirectUri, parameters);
    case "web_message":
      return webMessage(redirectUri, parameters, isSilent);
  }
}

/** OAuth 2.0 Form Post Response Mode. Without JavaScript the person presses the button. */
function formPost(redirectUri: string, parameters: ResponseParameters): IssuerAnswer {
  const inputs = parameters.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  return pageAnswer(200, {
    title: "Back to the application",
    body: html`<h1>Back to the application</h1>
<form method="post" action="${redirectUri}">${inputs}<button>Continue</button></form>`,
    script: html`document.forms[0].submit();`,
  });
}

/**
 * Posts the answer to the page that asked, in a frame (silent renewal) or by a popup, as Auth0's SDK for single-page
 * applications expects it (C). Only the callback's exact origin can receive it.
 */
function webMessage(redirectUri: string, parameters: ResponseParameters, isSilent: boolean): IssuerAnswer {
  const origin = originOf(redirectUri);
  if (origin === undefined) throw new Error("web_message was let through for a callback without an origin");
  const message = { type: "authorization_response", response: Object.fromEntries(parameters) };
  return pageAnswer(200, {
    title: "Back to the application",
    body: html`<p>The application has been told. This window can be closed.</p>`,
    script: html`(window.opener || window.parent).postMessage(${scriptJson(message)}, ${scriptJson(origin)});`,
    ...(isSilent && { framedBy: origin }),
  });
}
