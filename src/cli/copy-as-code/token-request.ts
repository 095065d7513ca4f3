import { chooseApi, chooseClient, MintError } from "../../issuer/tokens/mint-token.ts";
import { openKeptIssuer } from "../../server/issuer/kept-issuer.ts";
import type { CodeRequest } from "./code-request.ts";

/** The request for a client's own token, and whose it is. */
export interface TokenRequest {
  readonly request: CodeRequest;
  readonly clientName: string;
  readonly audience: string;
}

/**
 * What `POST /oauth/token` of the project's issuer wants for a token of the API's test application.
 *
 * @throws MintError for an API or a client that the issuer does not know
 * @throws StartError when no issuer has run with the data folder
 */
export async function readTokenRequest(options: {
  readonly dataDir: string;
  readonly cwd: string;
  readonly api: string | undefined;
  readonly m2m: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly includeSecret: boolean;
}): Promise<TokenRequest> {
  const { issuerUrl, tenant } = await openKeptIssuer(options.dataDir, options.cwd);
  const api = chooseApi(tenant, options.api);
  const client = chooseClient(tenant, api, options.m2m);
  if (client === undefined) {
    throw new MintError("client_unknown", `The API "${api.identifier}" has no test application: name one with --m2m.`);
  }
  const json = (text: string): string => JSON.stringify(text);
  const scope = options.scopes === undefined ? "" : `,"scope":${json(options.scopes.join(" "))}`;
  const request: CodeRequest = {
    method: "POST",
    url: new URL("oauth/token", issuerUrl),
    headers: [{ name: "content-type", value: ["application/json"] }],
    // Auth0's own order of members (D).
    body: [
      `{"client_id":${json(client.clientId)},"client_secret":"`,
      options.includeSecret ? json(client.clientSecret).slice(1, -1) : { variable: "CLIENT_SECRET" },
      `","audience":${json(api.identifier)},"grant_type":"client_credentials"${scope}}`,
    ],
  };
  return { request, clientName: client.name, audience: api.identifier };
}
