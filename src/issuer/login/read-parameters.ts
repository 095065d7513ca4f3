import { headerValues, type IssuerRequest } from "../issuer-request.ts";

/** Browsers end at a few thousand characters of address anyway; Auth0's own bounds are not known (?). */
export const MAX_PARAMETERS_BYTES = 32 * 1024;
export const MAX_PARAMETERS = 64;
export const MAX_PARAMETER_CHARS = 2048;

/** Of what an application fills with things of its own, or with many. */
const MAX_CHARS_OF: ReadonlyMap<string, number> = new Map([
  ["state", 4096],
  ["scope", 8192],
  ["id_token_hint", 16_384],
  // Ignored; the SDKs put a description of themselves there.
  ["auth0Client", 8192],
]);

export type ParametersVerdict =
  | { readonly ok: true; readonly parameters: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly description: string };

/** What a browser sends: the query of a GET, the form of a POST. Each name once (RFC 6749 §3.1). */
export function readParameters(request: IssuerRequest): ParametersVerdict {
  const { method, target, body } = request;
  let text: string;
  if (method === "POST") {
    const [contentType = ""] = headerValues(request, "content-type");
    if (contentType.split(";")[0]!.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
      return malformed("Content-Type must be application/x-www-form-urlencoded");
    }
    if (body.length > MAX_PARAMETERS_BYTES) return malformed(`The form has more than ${MAX_PARAMETERS_BYTES} bytes`);
    text = body.toString();
  } else {
    const start = target.indexOf("?");
    text = start === -1 ? "" : target.slice(start + 1);
    if (text.length > MAX_PARAMETERS_BYTES) return malformed(`The query has more than ${MAX_PARAMETERS_BYTES} bytes`);
  }
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) return malformed(`The parameter ${quote(name)} is repeated`);
    if (parameters.size === MAX_PARAMETERS) return malformed(`More than ${MAX_PARAMETERS} parameters`);
    const maxChars = MAX_CHARS_OF.get(name) ?? MAX_PARAMETER_CHARS;
    if (value.length > maxChars) return malformed(`The parameter ${quote(name)} has more than ${maxChars} characters`);
    parameters.set(name, value);
  }
  return { ok: true, parameters };
}

function malformed(description: string): ParametersVerdict {
  return { ok: false, description };
}

/** A parameter's name as part of a sentence, whatever it was. */
function quote(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
