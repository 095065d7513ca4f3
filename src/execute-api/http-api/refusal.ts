import type { RefusalEvidence } from "../refusal-evidence.ts";

/** What else a refusal says: to the client, and to the access log. */
export interface HttpApiRefusalWire {
  /** The `www-authenticate` header of a JWT refusal. */
  readonly challenge?: string;
  /** Refusals of which complete captures show no content-type (R): a JWT 401, a timeout's 503. */
  readonly hasNoContentType?: true;
  /** Nobody was denied anything: who calls is not known. */
  readonly isUnauthenticated?: true;
  /** `$context.authorizer.error` */
  readonly authorizerError?: string;
  /** `$context.integrationErrorMessage` */
  readonly integrationError?: string;
}

/**
 * The one way a step of an HTTP API says no: `{"message": …}` with AWS's status and text, and what we know of why.
 * HTTP APIs have no gateway responses: nothing of this can be customised (D). No Error: its stack would tell nothing, and
 * costs more than the rest of a refusal.
 */
export class HttpApiRefusal {
  readonly status: number;
  /** `message` of the body. */
  readonly text: string;
  readonly evidence: RefusalEvidence;
  readonly wire: HttpApiRefusalWire;

  constructor(status: number, text: string, evidence: RefusalEvidence, wire: HttpApiRefusalWire = {}) {
    this.status = status;
    this.text = text;
    this.evidence = evidence;
    this.wire = wire;
  }
}
