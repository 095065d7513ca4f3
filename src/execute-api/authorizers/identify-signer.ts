import type { Identity } from "../../aws/iam/identity.ts";
import type { SignatureFailure } from "../../aws/sigv4/signature-verdict.ts";
import { verifySigV4 } from "../../aws/sigv4/verify-sigv4.ts";
import type { Ports } from "../ports.ts";
import type { IncomingRequest } from "../transport.ts";
import { judgeRoute, type RoutedRequest } from "./judge-route.ts";

/** Who signed a request, or why nobody is known to have. */
export type Signer =
  | { readonly ok: true; readonly identity: Identity; readonly signedHeaders: readonly string[] }
  | { readonly ok: false; readonly failure: SignatureFailure };

export type SignerPorts = Pick<Ports, "identities" | "signingKeys" | "signatureWording" | "now">;

/** What every credential scope has to name (D). */
const SERVICE = "execute-api";

/**
 * Holds a request as it was on the wire against its signature. At once, except for a key that is not known: another
 * process may just have made it, so what is known is read again, once, and the request judged again.
 * conformance/iam, conformance/http-api/iam
 */
export function identifySigner(
  incoming: IncomingRequest,
  region: string,
  ports: SignerPorts,
): Signer | Promise<Signer> {
  const signer = judge(incoming, region, ports);
  if (signer.ok || signer.failure.reason !== "access_key_unknown") return signer;
  return ports.identities.refresh().then(() => judge(incoming, region, ports));
}

/** The same for a request whose method is found: what chose that has to be what was signed. */
export function identifyCaller(request: RoutedRequest, region: string, ports: SignerPorts): Signer | Promise<Signer> {
  const signer = identifySigner(request.incoming, region, ports);
  return signer instanceof Promise
    ? signer.then((known) => withRouteJudged(known, request))
    : withRouteJudged(signer, request);
}

function withRouteJudged(signer: Signer, request: RoutedRequest): Signer {
  if (!signer.ok) return signer;
  const failure = judgeRoute(request, signer.signedHeaders, signer.identity.credential.accessKeyId);
  return failure === undefined ? signer : { ok: false, failure };
}

function judge(
  incoming: IncomingRequest,
  region: string,
  { identities, signingKeys, signatureWording, now }: SignerPorts,
): Signer {
  let found: Identity | undefined;
  const verdict = verifySigV4(incoming, {
    region,
    service: SERVICE,
    nowMs: now(),
    find: (accessKeyId) => {
      found = identities.find(accessKeyId);
      return found?.credential;
    },
    signingKeys,
    wording: signatureWording,
  });
  if (!verdict.ok) return { ok: false, failure: verdict };
  // The signature speaks for the credential it was held against, and for nobody else.
  if (found === undefined || found.credential !== verdict.credential) {
    throw new Error("a signature was accepted of a credential that was not asked for");
  }
  return { ok: true, identity: found, signedHeaders: verdict.signedHeaders };
}
