import { cookieValues } from "../authorizers/mask-identity.ts";
import { signatureValues } from "../authorizers/signature-values.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";

/** What a request says of its caller: nothing of it may stand in a record, whoever writes it down. */
export function identityValues(
  { headers, query }: RestRequest,
  { method }: MatchedMethod<CompiledMethod>,
  { identityHeaders }: Pick<RestDeployment, "identityHeaders">,
): readonly string[] {
  const values = [...signatureValues(headers, query)];
  for (const name of identityHeaders) {
    const sent = headers.all(name);
    values.push(...sent);
    if (name === "cookie") values.push(...sent.flatMap(cookieValues));
  }
  if (method.apiKeyRequired) values.push(...headers.all("x-api-key"));
  const { authorization } = method;
  const sources = authorization?.type === "CUSTOM" ? authorization.authorizer.identitySources : [];
  for (const source of sources) if (source.kind === "querystring") values.push(...(query.get(source.name) ?? []));
  return values;
}
