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
  const refused = (message: string, expected: string, actual: string): SignatureFailure => ({
    ok: false,
    reason: "signature_routed_otherwise",
    message,
    expected,
    actual,
    accessKeyId,
    error: routedOtherwise(),
  });
  if (method !== incoming.method && !signedHeaders.includes(OVERRIDE)) {
    return refused(
      `the signature is good for ${incoming.method}, and X-HTTP-Method-Override, which is not signed, makes it ${method}`,
      `${OVERRIDE} in SignedHeaders`,
      "not signed",
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
  );
}
