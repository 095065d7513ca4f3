/** One parsed entry of a REST authorizer's identitySource. */
export interface IdentitySource {
  readonly kind: "header" | "querystring" | "stageVariable" | "context";
  /** As written; headers are compared case-insensitively (?: clients on HTTP/2 send lower case). */
  readonly name: string;
  /** The entry as configured, e.g. `method.request.header.Authorization`. */
  readonly expression: string;
}

export type IdentitySourcesVerdict =
  | { readonly ok: true; readonly sources: readonly IdentitySource[] }
  | { readonly ok: false; readonly found: string; readonly wanted: string };

const WANTED =
  "method.request.header.NAME, method.request.querystring.NAME, stageVariables.NAME or context.NAME, comma-separated";

/**
 * Parses `identitySource` of a REST API authorizer: entries comma-separated, spaces trimmed (D). Path parameters cannot
 * be identity sources (D). The HTTP API dialect (`$request.header.X`) is refused: accepted, it would never match.
 */
export function parseIdentitySources(text: string | undefined): IdentitySourcesVerdict {
  if (text === undefined || text.trim() === "") return { ok: true, sources: [] };
  const sources: IdentitySource[] = [];
  for (const piece of text.split(",")) {
    const expression = piece.trim();
    const match = /^(method\.request\.header|method\.request\.querystring|stageVariables|context)\.(\S+)$/.exec(
      expression,
    );
    if (match === null) return { ok: false, found: expression, wanted: WANTED };
    const kind = KINDS[match[1] as keyof typeof KINDS];
    sources.push({ kind, name: match[2] as string, expression });
  }
  return { ok: true, sources };
}

const KINDS = {
  "method.request.header": "header",
  "method.request.querystring": "querystring",
  stageVariables: "stageVariable",
  context: "context",
} as const;
