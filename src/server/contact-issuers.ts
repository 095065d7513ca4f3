import type { IssuerKeys } from "../execute-api/authorizers/issuer-keys.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";
import type { ServerOptions } from "./server-options.ts";
import { StartError } from "./start-error.ts";

/**
 * Asks every issuer of a JWT authorizer for its discovery document, as AWS does when the authorizer is created (R for
 * HTTP APIs, D for REST APIs). In development a failure is told, its tokens are refused and the issuer is asked again
 * with the next of them.
 * @throws StartError in production, naming the authorizer, the issuer and what is wrong with it
 */
export async function contactIssuers(
  { apis }: LoadedProject,
  issuerKeys: IssuerKeys,
  mode: ServerOptions["mode"],
  tell: (message: string) => void,
): Promise<void> {
  const trusts = new Map<string, Trust>();
  for (const trust of apis.flatMap(trustedIssuers)) trusts.set(trust.issuer, trust);
  await Promise.all(
    [...trusts.values()].map(async ({ issuer, authorizer, requirement, meanwhile }) => {
      const answer = await issuerKeys.contact(issuer);
      if (answer.ok) return;
      const message = `${authorizer}: ${answer.message} Invalid issuer: ${issuer}. ${requirement}`;
      if (mode === "production") throw new StartError(message);
      tell(`${message} (its tokens are answered ${meanwhile} until it has)`);
    }),
  );
}

/** An issuer that a JWT authorizer takes tokens of. */
interface Trust {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Of the authorizer. */
  readonly authorizerId: string;
  readonly authorizer: string;
  readonly requirement: string;
  /** What requests get while it cannot be had. */
  readonly meanwhile: number;
}

/** (R) AWS's own sentence for HTTP APIs; what it says for REST APIs is not known. */
const HTTP_REQUIREMENT = "Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'";
const REST_REQUIREMENT = "It must serve its discovery document below /.well-known/openid-configuration.";

/** The issuers of an API's JWT authorizers, REST and HTTP. */
export function trustedIssuers({ type, api }: LoadedApi): Trust[] {
  if (type === "HTTP") {
    return api.authorizers.flatMap(({ authorizerId, name, jwtConfiguration }) =>
      jwtConfiguration === undefined
        ? []
        : {
            ...jwtConfiguration,
            authorizerId,
            authorizer: `authorizer ${name} of ${api.apiId}`,
            requirement: HTTP_REQUIREMENT,
            meanwhile: 401,
          },
    );
  }
  return api.authorizers.flatMap(({ id, name, jwtConfiguration }) =>
    (jwtConfiguration?.issuers ?? []).map(({ issuer, audience }) => ({
      issuer,
      audience,
      authorizerId: id,
      authorizer: `authorizer ${name} of ${api.apiId}`,
      requirement: REST_REQUIREMENT,
      meanwhile: 500,
    })),
  );
}
