import { normalizePath } from "../../aws/sigv4/canonical-request.ts";
import { routedOtherwise } from "../../aws/sigv4/signature-error.ts";
import type { SignatureFailure } from "../../aws/sigv4/signature-verdict.ts";
import type { IncomingRequest } from "../transport.ts";

/** What chose the method, as the data plane read it off the wire. */
export interface RoutedRequest {
  readonly incoming: IncomingRequest;
  /** After `X-HTTP-Method-Override`. */
  readonly method: string;
  /** Inside the stage, as routes and policies see it. */
  readonly path: string;
  /** Of a custom domain, whose mappings read the path as it was sent. */
  readonly mapping?: object | undefined;
}

const OVERRIDE = "x-http-method-override";

/**
 * A signature speaks of the verb on the wire and of the path without dot segments and doubled slashes (D); routes and
 * policies go by the verb that overrides it and by the path as it was sent. Where those differ, whoever was given a link to
 * one method could have another one answer it, in the signer's name. What AWS does then is not known (?): the strict reading.
 */
export function judgeRoute(
  { incoming, method, path, mapping }: RoutedRequest,
  signedHeaders: readonly string[],
  accessKeyId: string,
): SignatureFailure | undefined {
  if (method !== incoming.method && !signedHeaders.includes(OVERRIDE)) {
    return refused(
      `the signature is good for ${incoming.method}, and X-HTTP-Method-Override, which is not signed, makes it ${method}`,
      `${OVERRIDE} in SignedHeaders`,
      "not signed",
      accessKeyId,
    );
  }
  const question = incoming.target.indexOf("?");
  const sent = question < 0 ? incoming.target : incoming.target.slice(0, question);
  const signed = normalizePath(sent);
  if (signed === sent) return undefined;
  // REST APIs take any number of slashes around the stage for one (R), and a signature does as well.
  const isSame = path === "/" || (normalizePath(path) === path && signed.endsWith(path));
  if (mapping === undefined && isSame) return undefined;
  return refused(
    `the signature is good for ${signed}, and the request was sent to ${sent}, which is routed as it stands`,
    signed,
    sent,
    accessKeyId,
  );
}

/**
 * For APIs that hand the query on as it was sent: a signature reads `;` in it as `&` (D of REST APIs, which hand on what they
 * read), so that one could be put in the other's place. What HTTP APIs do then is not known (?): the strict reading.
 */
export function judgeForwardedQuery(rawQuery: string, accessKeyId: string): SignatureFailure | undefined {
  if (!rawQuery.includes(";")) return undefined;
  const message = "the signature is good for a query with & in place of ;, and the query is handed on as it was sent";
  return refused(message, "& between parameters, %3B inside a value", ";", accessKeyId);
}

function refused(message: string, expected: string, actual: string, accessKeyId: string): SignatureFailure {
  return {
    ok: false,
    reason: "signature_routed_otherwise",
    message,
    expected,
    actual,
    accessKeyId,
    error: routedOtherwise(),
  };
}
