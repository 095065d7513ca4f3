import { firstQueryValue, type HeaderValues, type QueryPiece } from "./canonical-request.ts";
import { countSignedHeaders, MAX_SIGNED_HEADERS, type ParsedClaim } from "./signature-claim.ts";
import { incompleteQuery } from "./signature-error.ts";

/** Where a URL says that it is presigned. */
export const ALGORITHM_PARAMETER = "X-Amz-Algorithm";
export const SIGNATURE_PARAMETER = "X-Amz-Signature";
export const TOKEN_PARAMETER = "X-Amz-Security-Token";

/** More than a URL of a browser holds. */
export const MAX_PRESIGNED_PARAMETERS = 500;

/** Reads the signature in a query. Of a parameter given twice the first counts (C); it must be spelled as AWS does. */
export function parsePresigned(algorithm: string, query: readonly QueryPiece[], headers: HeaderValues): ParsedClaim {
  if (query.length > MAX_PRESIGNED_PARAMETERS) {
    return tooMany("the presigned query", "parameters", query.length, MAX_PRESIGNED_PARAMETERS, []);
  }
  const credential = firstQueryValue(query, "X-Amz-Credential");
  const signature = firstQueryValue(query, SIGNATURE_PARAMETER);
  const signedHeaders = firstQueryValue(query, "X-Amz-SignedHeaders");
  const date = firstQueryValue(query, "X-Amz-Date");
  if (credential === undefined || signature === undefined || signedHeaders === undefined || date === undefined) {
    const missing: string[] = [];
    if (credential === undefined) missing.push("X-Amz-Credential");
    if (signature === undefined) missing.push(SIGNATURE_PARAMETER);
    if (signedHeaders === undefined) missing.push("X-Amz-SignedHeaders");
    if (date === undefined) missing.push("X-Amz-Date");
    return {
      ok: false,
      reason: "query_signature_incomplete",
      message: `the signature in the query lacks ${missing.join(", ")}`,
      expected: ["X-Amz-Credential", SIGNATURE_PARAMETER, "X-Amz-SignedHeaders", "X-Amz-Date"],
      actual: query.map(({ name }) => name).filter((name) => /^X-Amz-[A-Za-z-]{1,30}$/.test(name)),
      error: incompleteQuery(missing),
    };
  }
  const count = countSignedHeaders(signedHeaders);
  if (count > MAX_SIGNED_HEADERS) {
    return tooMany("X-Amz-SignedHeaders", "headers", count, MAX_SIGNED_HEADERS, ["X-Amz-SignedHeaders"]);
  }
  const inQuery = firstQueryValue(query, TOKEN_PARAMETER);
  const inHeader = headers.get("x-amz-security-token");
  return {
    ok: true,
    claim: {
      form: "query",
      algorithm,
      credential,
      signature,
      signedHeaders,
      date,
      expires: firstQueryValue(query, "X-Amz-Expires"),
      sessionToken: inQuery ?? inHeader,
      hasTwoTokens: inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader,
    },
  };
}

function tooMany(where: string, what: string, actual: number, expected: number, missing: string[]): ParsedClaim {
  return {
    ok: false,
    reason: "query_signature_incomplete",
    message: `${where} has ${actual} ${what}, at most ${expected} are read`,
    expected,
    actual,
    error: incompleteQuery(missing),
  };
}
