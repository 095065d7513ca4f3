import type { IssuerContext } from "../issuer-context.ts";
import { type IssuerAnswer, type IssuerRequest, jsonAnswer, methodAndPath } from "../issuer-request.ts";
import { readEncryptionKey } from "./encryption-key.ts";
import { type ProfilePath, profileJwksUri, readProfilePath } from "./profile-issuers.ts";
import { profileKeys } from "./profile-keys.ts";

const OPEN_CORS = ["access-control-allow-origin", "*"];

/**
 * Answers for the issuers of the profiles: discovery and keys, at each provider's own paths, so that an API which is built
 * for the provider can trust `http://localhost:4567/realms/gatewarden` and its like. Undefined: the path is none of theirs.
 */
export async function answerProfile(
  request: IssuerRequest,
  { issuerUrl, state }: IssuerContext,
): Promise<IssuerAnswer | undefined> {
  const [method, path = ""] = methodAndPath(request).split(" ");
  if (method !== "GET") return undefined;
  const found = readProfilePath(path);
  if (found === undefined) return undefined;
  if (found.publishes === "discovery") return jsonAnswer(200, discovery(found, issuerUrl), OPEN_CORS);
  const { clock, folder, keys } = state;
  // Verifiers meet more than one key at Cognito and Entra (D).
  await keys.prepareNext();
  const encryption = found.profile === "keycloak" ? await readEncryptionKey(folder, new Date(clock())) : undefined;
  return jsonAnswer(200, { keys: profileKeys(found.profile, keys.jwks(["RS256"]).keys, encryption) }, OPEN_CORS);
}

/** It names only what works here (OpenID Connect Discovery 1.0 §3): tokens of a profile come from `gatewarden token`. */
function discovery(found: ProfilePath, issuerUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer: `${issuerUrl}${found.issuerPath}`,
    jwks_uri: profileJwksUri(found, issuerUrl),
    response_types_supported: [],
    subject_types_supported: [found.profile === "entra" ? "pairwise" : "public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}
