import type { HeaderFields } from "../header-fields.ts";
import type { QueryValues } from "../query-string.ts";

/** What of a SigV4 signature, in either form, may not stand in a record: the signature and the session token. */
export function signatureValues(headers: HeaderFields, query: QueryValues): readonly string[] {
  const values = [...headers.all("x-amz-security-token")];
  for (const name of ["X-Amz-Signature", "X-Amz-Security-Token"]) values.push(...(query.get(name) ?? []));
  for (const header of headers.all("authorization")) {
    const signature = /\bSignature=([^,\s]+)/.exec(header)?.[1];
    if (signature !== undefined) values.push(signature);
  }
  return values;
}
