import { ACTION_REASONS } from "./actions/reasons.ts";
import { LOGIN_REASONS } from "./login/reasons.ts";
import { MANAGEMENT_REASONS } from "./management/reasons.ts";
import { TOKEN_ENDPOINT_REASONS } from "./token-endpoint/reasons.ts";

/** Every code of a refusal or warning, with the next move. Codes are stable: scripts and the doctor go by them. */
export const ISSUER_REASONS = {
  ...TOKEN_ENDPOINT_REASONS,
  ...LOGIN_REASONS,
  ...MANAGEMENT_REASONS,
  ...ACTION_REASONS,
  endpoint_not_supported: "Auth0 has this endpoint, and this issuer has not: do this step against a real tenant.",
  double_slash: "Take the slash off the end of the domain or base URL that the client was given.",
  host_not_local: "Ask the development issuer as localhost, *.localhost, 127.0.0.1 or [::1].",
  state_unusable: "Mend what the message names: a full disk, a file of another program, a process that holds it.",
} as const satisfies Readonly<Record<string, string>>;

export type IssuerReason = keyof typeof ISSUER_REASONS;
