import type { ActionVerdict } from "../actions/actions.ts";
import type { IssuerState } from "../issuer-context.ts";

/** Says aloud what Auth0 drops without a word. */
export function emitWarnings(
  warnings: Extract<ActionVerdict, { readonly ok: true }>["warnings"],
  { emit }: Pick<IssuerState, "emit">,
): void {
  for (const { message, reason } of warnings) emit({ kind: "warned", reason, message });
}
