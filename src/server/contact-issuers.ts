import type { IssuerKeys } from "../execute-api/authorizers/issuer-keys.ts";
import type { LoadedProject } from "./load-project.ts";
import type { ServerOptions } from "./server-options.ts";
import { StartError } from "./start-error.ts";

/**
 * Asks every issuer of a JWT authorizer for its discovery document, as AWS does when the authorizer is created (R). In
 * development a failure is told, its tokens are answered 401 and the issuer is asked again with the next of them.
 * @throws StartError in production, naming the authorizer, the issuer and what is wrong with it
 */
export async function contactIssuers(
  { apis }: LoadedProject,
  issuerKeys: IssuerKeys,
  mode: ServerOptions["mode"],
  tell: (message: string) => void,
): Promise<void> {
  const authorizers = new Map<string, string>();
  for (const { type, api } of apis) {
    if (type !== "HTTP") continue;
    for (const { name, jwtConfiguration } of api.authorizers) {
      if (jwtConfiguration !== undefined)
        authorizers.set(jwtConfiguration.issuer, `authorizer ${name} of ${api.apiId}`);
    }
  }
  await Promise.all(
    [...authorizers].map(async ([issuer, authorizer]) => {
      const answer = await issuerKeys.contact(issuer);
      if (answer.ok) return;
      // (R) the last sentence is AWS's own.
      const message = `${authorizer}: ${answer.message} Invalid issuer: ${issuer}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`;
      if (mode === "production") throw new StartError(message);
      tell(`${message} (its tokens are answered 401 until it has)`);
    }),
  );
}
