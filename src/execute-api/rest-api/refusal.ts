import type { GatewayResponseType } from "../../model/rest-api.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";

/** Departures from a gateway response type's own defaults that one refusal makes on the wire. */
export interface RefusalWire {
  readonly status?: number;
  readonly errorType?: string;
  /** `$context.error.message`; null prints as JSON null. */
  readonly message?: string | null;
  /** The same in an access log, where it is for the client only: it may quote a token. */
  readonly loggedMessage?: string;
  /** `$context.integration.error` or `$context.authorizer.error`, where AWS's text is known; without it the evidence's own. */
  readonly loggedError?: string;
  /** `$context.error.validationErrorString`. */
  readonly validationErrorString?: string;
  /** `$context.authorizer.*` of a denying Lambda authorizer, usable in the ACCESS_DENIED template (C). */
  readonly authorizerContext?: Readonly<Record<string, string | number | null>>;
}

/**
 * The one way a step of a REST API says no. Two things that never mix: what AWS says on the wire, and what we know.
 * Anything else that is thrown is our bug and becomes a 500 with a request id. No Error: its stack would tell nothing, and
 * costs more than the rest of a refusal.
 */
export class RestApiRefusal {
  readonly responseType: GatewayResponseType;
  readonly evidence: RefusalEvidence;
  readonly wire: RefusalWire;

  constructor(responseType: GatewayResponseType, evidence: RefusalEvidence, wire: RefusalWire = {}) {
    this.responseType = responseType;
    this.evidence = evidence;
    this.wire = wire;
  }
}
