import { headerValues, type IssuerRequest } from "../issuer-request.ts";
import { assertedClientId } from "./client-assertion.ts";
import { requestMalformed, requestTooLarge, secretInAddress, type TokenRefusal } from "./token-refusals.ts";

export interface TokenRequest {
  /** None is empty: a parameter without a value counts as not sent (RFC 6749 §3.2). */
  readonly parameters: ReadonlyMap<string, string>;
  /** What is to prove the client; undefined when there is nothing of the kind, as for public clients. */
  readonly credentials: ClientCredentials | undefined;
}

export type ClientCredentials =
  | { readonly method: "secret"; readonly clientId: string; readonly clientSecret: string }
  /** The client is named by the assertion unless the request names it too. */
  | { readonly method: "assertion"; readonly clientId: string | undefined; readonly assertion: string };

/** RFC 7523 §2.2 */
const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Auth0's own limit is not known (?); a token request has a few hundred bytes. */
export const MAX_TOKEN_REQUEST_BYTES = 1024 * 1024;
export const MAX_TOKEN_REQUEST_PARAMETERS = 64;
/** Each scope is compared with each that an API has. */
export const MAX_TOKEN_REQUEST_SCOPE_CHARS = 64 * 1024;

/**
 * Reads a token request: form or JSON, as Auth0 takes both (D: its documentation's examples use both), the client in
 * the body or in a Basic header. Nothing is taken from the query, and a secret in it is refused aloud: addresses are logged.
 */
export function readTokenRequest(request: IssuerRequest): TokenRequest | TokenRefusal {
  if (request.body.length > MAX_TOKEN_REQUEST_BYTES) return requestTooLarge(MAX_TOKEN_REQUEST_BYTES);
  if (new URLSearchParams(request.target.split("?").slice(1).join("?")).has("client_secret")) return secretInAddress();
  const parameters = readParameters(request);
  if (!(parameters instanceof Map)) return parameters;
  if ((parameters.get("scope")?.length ?? 0) > MAX_TOKEN_REQUEST_SCOPE_CHARS) {
    return requestMalformed(`The scope has more than ${MAX_TOKEN_REQUEST_SCOPE_CHARS} characters`);
  }
  const basic = readBasicCredentials(request);
  if (basic !== undefined && "reason" in basic) return basic;
  const assertion = readAssertion(parameters);
  if (assertion !== undefined && "reason" in assertion) return assertion;

  const clientId = parameters.get("client_id");
  const clientSecret = parameters.get("client_secret");
  if (basic !== undefined) {
    // RFC 6749 §2.3: one way of authentication per request. The id alone may be repeated.
    if (clientSecret !== undefined) return requestMalformed("Client credentials are in the header and in the body");
    if (assertion) return requestMalformed("Client credentials are in the header and in the body");
    if (clientId !== undefined && clientId !== basic.clientId) {
      return requestMalformed("The header and the body name different clients");
    }
    return { parameters, credentials: basic };
  }
  if (assertion) {
    if (clientSecret !== undefined) return requestMalformed("There are a client_secret and a client_assertion");
    if (clientId !== undefined && assertion.clientId !== undefined && clientId !== assertion.clientId) {
      return requestMalformed("The client_id and the client_assertion name different clients");
    }
    return { parameters, credentials: { ...assertion, clientId: clientId ?? assertion.clientId } };
  }
  const hasSecret = clientId !== undefined && clientSecret !== undefined;
  return { parameters, credentials: hasSecret ? { method: "secret", clientId, clientSecret } : undefined };
}

function readAssertion(
  parameters: ReadonlyMap<string, string>,
): Extract<ClientCredentials, { readonly method: "assertion" }> | TokenRefusal | undefined {
  const type = parameters.get("client_assertion_type");
  const assertion = parameters.get("client_assertion");
  if (type === undefined && assertion === undefined) return undefined;
  if (type !== JWT_BEARER) return requestMalformed(`client_assertion_type must be ${JWT_BEARER}`);
  if (assertion === undefined) return requestMalformed("Missing required parameter: client_assertion");
  return { method: "assertion", clientId: assertedClientId(assertion), assertion };
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

function readParameters(request: IssuerRequest): Map<string, string> | TokenRefusal {
  const contentType = headerValues(request, "content-type")[0] ?? "";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  let text: string;
  try {
    text = UTF_8.decode(request.body);
  } catch {
    return requestMalformed("The request body is not UTF-8");
  }
  if (mediaType === "application/json") return readJson(text);
  if (mediaType === "application/x-www-form-urlencoded") return readForm(text);
  return requestMalformed("Content-Type must be application/json or application/x-www-form-urlencoded");
}

function readJson(text: string): Map<string, string> | TokenRefusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return requestMalformed("The request body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return requestMalformed("The request body must be a JSON object");
  }
  const members = Object.entries(value);
  if (members.length > MAX_TOKEN_REQUEST_PARAMETERS) return tooManyParameters();
  const parameters = new Map<string, string>();
  for (const [name, each] of members) {
    if (each === null || each === "") continue; // as good as not sent
    if (typeof each !== "string") return requestMalformed(`The parameter ${quote(name)} must be a string`);
    parameters.set(name, each);
  }
  return parameters;
}

function readForm(text: string): Map<string, string> | TokenRefusal {
  const parameters = new Map<string, string>();
  const names = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (names.has(name)) return requestMalformed(`The parameter ${quote(name)} is repeated`); // RFC 6749 §3.2
    if (names.size === MAX_TOKEN_REQUEST_PARAMETERS) return tooManyParameters();
    names.add(name);
    if (value !== "") parameters.set(name, value);
  }
  return parameters;
}

function tooManyParameters(): TokenRefusal {
  return requestMalformed(`More than ${MAX_TOKEN_REQUEST_PARAMETERS} parameters`);
}

function readBasicCredentials(
  request: IssuerRequest,
): Extract<ClientCredentials, { readonly method: "secret" }> | TokenRefusal | undefined {
  const values = headerValues(request, "authorization");
  if (values.length === 0) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(values[0]!)?.[1];
  const decoded = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString();
  const colon = decoded.indexOf(":");
  if (values.length > 1 || colon === -1) return requestMalformed("The Authorization header is not well-formed Basic");
  const [clientId, clientSecret] = [decoded.slice(0, colon), decoded.slice(colon + 1)].map(formDecode);
  return { method: "secret", clientId: clientId!, clientSecret: clientSecret! };
}

/** RFC 6749 §2.3.1 form-encodes both; many clients do not, which differs only where decoding fails. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** A parameter's name as part of a sentence, whatever it was. */
function quote(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
