import { cookieValues } from "../authorizers/mask-identity.ts";
import { signatureValues } from "../authorizers/signature-values.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import type { HttpIdentitySource } from "./identity-source.ts";
import type { HttpApiRequest, MatchedRoute } from "./request.ts";

/** What a request says of its caller: nothing of it may stand in a record, whoever writes it down. */
export function identityValues(
  { headers, query }: HttpApiRequest,
  { route }: MatchedRoute,
  { identityHeaders }: Pick<HttpApiDeployment, "identityHeaders">,
): readonly string[] {
  const values = [...signatureValues(headers, query)];
  for (const name of identityHeaders) {
    const sent = headers.all(name);
    values.push(...sent);
    // Functions see each cookie by itself (D).
    if (name === "cookie") values.push(...sent.flatMap(cookieValues));
  }
  for (const { kind, name } of sourcesOf(route)) if (kind === "querystring") values.push(...(query.get(name) ?? []));
  return values;
}

function sourcesOf({ authorization }: MatchedRoute["route"]): readonly HttpIdentitySource[] {
  if (authorization.type === "JWT") return [authorization.authorizer.source];
  return authorization.type === "CUSTOM" ? authorization.authorizer.identitySources : [];
}
