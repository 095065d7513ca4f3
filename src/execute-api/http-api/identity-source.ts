/** One parsed identity source of an HTTP API's authorizer. */
export interface HttpIdentitySource {
  readonly kind: "header" | "querystring" | "context" | "stageVariable";
  readonly name: string;
  /** Headers are found in any casing (D). */
  readonly lowerCaseName: string;
  /** As configured, e.g. `$request.header.Authorization`. */
  readonly expression: string;
}

export const IDENTITY_SOURCE_FORM =
  "$request.header.NAME, $request.querystring.NAME, $context.NAME or $stageVariables.NAME";

const KINDS = {
  "$request.header": "header",
  "$request.querystring": "querystring",
  $context: "context",
  $stageVariables: "stageVariable",
} as const;

/** Parses one expression (D); undefined for anything else, a REST API's dialect included: accepted, it would never match. */
export function parseHttpIdentitySource(expression: string): HttpIdentitySource | undefined {
  const match = /^(\$request\.header|\$request\.querystring|\$context|\$stageVariables)\.(\S+)$/.exec(expression);
  const [, prefix, name] = match ?? [];
  if (prefix === undefined || name === undefined) return undefined;
  return { kind: KINDS[prefix as keyof typeof KINDS], name, lowerCaseName: name.toLowerCase(), expression };
}
