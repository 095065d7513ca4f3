import { headerValues, type IssuerRequest } from "../issuer-request.ts";
import { requestMalformed, requestTooLarge, type TokenRefusal } from "./token-refusals.ts";

export interface TokenRequest {
  readonly parameters: ReadonlyMap<string, string>;
  /** Undefined when the client named itself nowhere or has no secret. */
  readonly credentials: { readonly clientId: string; readonly clientSecret: string } | undefined;
}

/** Auth0's own limit is not known (?); a token request has a few hundred bytes. */
export const MAX_TOKEN_REQUEST_BYTES = 1024 * 1024;
export const MAX_TOKEN_REQUEST_PARAMETERS = 64;

/**
 * Reads a token request: form or JSON, as Auth0 takes both (D: its documentation's examples use both), the client in
 * the body or in a Basic header. The query is never read, so that no secret has a reason to be in an address.
 */
export function readTokenRequest(request: IssuerRequest): TokenRequest | TokenRefusal {
  if (request.body.length > MAX_TOKEN_REQUEST_BYTES) return requestTooLarge(MAX_TOKEN_REQUEST_BYTES);
  const parameters = readParameters(request);
  if (!(parameters instanceof Map)) return parameters;
  const basic = readBasicCredentials(request);
  if (basic !== undefined && "reason" in basic) return basic;

  const clientId = parameters.get("client_id");
  const clientSecret = parameters.get("client_secret");
  if (basic !== undefined) {
    // RFC 6749 §2.3: one way of authentication per request. The id alone may be repeated.
    if (clientSecret !== undefined) return requestMalformed("Client credentials are in the header and in the body");
    if (clientId !== undefined && clientId !== basic.clientId) {
      return requestMalformed("The header and the body name different clients");
    }
    return { parameters, credentials: basic };
  }
  const credentials = clientId !== undefined && clientSecret !== undefined ? { clientId, clientSecret } : undefined;
  return { parameters, credentials };
}

function readParameters(request: IssuerRequest): Map<string, string> | TokenRefusal {
  const contentType = headerValues(request, "content-type")[0] ?? "";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(request.body);
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
  const parameters = new Map<string, string>();
  for (const [name, each] of Object.entries(value)) {
    if (each === null) continue; // as good as not sent
    if (typeof each !== "string") return requestMalformed(`The parameter ${quote(name)} must be a string`);
    if (parameters.size === MAX_TOKEN_REQUEST_PARAMETERS) return tooManyParameters();
    parameters.set(name, each);
  }
  return parameters;
}

function readForm(text: string): Map<string, string> | TokenRefusal {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    // RFC 6749 §3.2
    if (parameters.has(name)) return requestMalformed(`The parameter ${quote(name)} is repeated`);
    if (parameters.size === MAX_TOKEN_REQUEST_PARAMETERS) return tooManyParameters();
    parameters.set(name, value);
  }
  return parameters;
}

function tooManyParameters(): TokenRefusal {
  return requestMalformed(`More than ${MAX_TOKEN_REQUEST_PARAMETERS} parameters`);
}

function readBasicCredentials(request: IssuerRequest): TokenRequest["credentials"] | TokenRefusal {
  const values = headerValues(request, "authorization");
  if (values.length === 0) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(values[0]!)?.[1];
  const decoded = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString();
  const colon = decoded.indexOf(":");
  if (values.length > 1 || colon === -1) return requestMalformed("The Authorization header is not well-formed Basic");
  return { clientId: formDecode(decoded.slice(0, colon)), clientSecret: formDecode(decoded.slice(colon + 1)) };
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
