import type { SignatureReason } from "../aws/sigv4/reasons.ts";
import type { TokenReason } from "../token/reasons.ts";
import type { GatewayReason } from "./reasons.ts";

/** What we know and AWS does not say: a reason from the table, with what was expected beside what was found. */
export interface RefusalEvidence {
  readonly reason: GatewayReason | TokenReason | SignatureReason;
  /** One sentence for the operator; names the value found and the value wanted. Never holds a token. */
  readonly message: string;
  /** What to check, when more is known than the reason's own entry says. */
  readonly check?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}
