import { parseUserPoolArn, userPoolIssuer } from "../../aws/user-pool.ts";
import type { IssuerKeys } from "../../execute-api/authorizers/issuer-keys.ts";
import type { Authorizer } from "../../model/rest-api.ts";
import type { ServerOptions } from "../server-options.ts";
import { StartError } from "../start-error.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";

/**
 * Asks every issuer of a JWT authorizer for its discovery document, as AWS does when the authorizer is created (R for
 * HTTP APIs, D for REST APIs), and the issuer of every user pool of a Cognito authorizer. In development a failure is told, its tokens are refused and the issuer is asked again
 * with the next of them.
 * @throws StartError in production, naming the authorizer, the issuer and what is wrong with it
 */
export async function contactIssuers(
  { apis, userPools }: LoadedProject,
  issuerKeys: IssuerKeys,
  mode: ServerOptions["mode"],
  tell: (message: string) => void,
): Promise<void> {
  const trusts = new Map<string, Trust>();
  for (const trust of apis.flatMap((loaded) => trustedIssuers(loaded, userPools))) trusts.set(trust.issuer, trust);
  await Promise.all(
    [...trusts.values()].map(async ({ issuer, authorizer, requirement, remedy, meanwhile }) => {
      const answer = await issuerKeys.contact(issuer);
      if (answer.ok) return;
      const message = `${authorizer}: ${answer.message} Invalid issuer: ${issuer}. ${requirement}`;
      if (mode === "production") throw new StartError(message);
      const told = `${message} (its tokens are answered ${meanwhile} until it has)`;
      tell(remedy === undefined ? told : `${told}. ${remedy}`);
    }),
  );
}

/** An issuer that a JWT or Cognito authorizer takes tokens of. */
interface Trust {
  readonly issuer: string;
  /** Of a user pool, which has none, its id. */
  readonly audience: readonly string[];
  /** Of the authorizer. */
  readonly authorizerId: string;
  readonly authorizer: string;
  readonly requirement: string;
  /** What a developer may do about it. */
  readonly remedy?: string;
  /** What requests get while it cannot be had. */
  readonly meanwhile: number;
}

/** (R) AWS's own sentence for HTTP APIs; what it says for REST APIs is not known. */
const HTTP_REQUIREMENT = "Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'";
const REST_REQUIREMENT = "It must serve its discovery document below /.well-known/openid-configuration.";

/** The issuers of an API's JWT authorizers, REST and HTTP, and of the user pools of its Cognito authorizers. */
export function trustedIssuers({ type, api }: LoadedApi, userPools: LoadedProject["userPools"]): Trust[] {
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
  return api.authorizers.flatMap((each) => {
    const { id, name, jwtConfiguration } = each;
    const trusting = {
      authorizerId: id,
      authorizer: `authorizer ${name} of ${api.apiId}`,
      requirement: REST_REQUIREMENT,
      meanwhile: 500,
    };
    return [
      ...(jwtConfiguration?.issuers ?? []).map(({ issuer, audience }) => ({
        ...trusting,
        issuer,
        audience,
      })),
      ...trustedPools(each, userPools).map(({ issuer, poolId, remedy }) => ({
        ...trusting,
        issuer,
        audience: [poolId],
        remedy,
      })),
    ];
  });
}

interface TrustedPool {
  readonly issuer: string;
  readonly poolId: string;
  readonly remedy: string;
}

/** The pools of a Cognito authorizer. An ARN that is none is the compiler's to refuse. */
export function trustedPools(
  { providerARNs }: Pick<Authorizer, "providerARNs">,
  userPools: LoadedProject["userPools"],
): readonly TrustedPool[] {
  return providerARNs.flatMap((arn) => {
    const pool = parseUserPoolArn(arn);
    if (pool === undefined) return [];
    const { poolId } = pool;
    const configured = userPools.get(arn);
    if (configured !== undefined) {
      return {
        issuer: configured,
        poolId,
        remedy: `userPools in gatewarden.yaml names it for ${arn}: correct it there.`,
      };
    }
    const issuer = userPoolIssuer(pool);
    const remedy = `To have the local issuer speak for the pool, write issuers: {${JSON.stringify(issuer)}: local} in gatewarden.yaml; to name another, userPools: {${JSON.stringify(arn)}: ISSUER_URL}.`;
    return { issuer, poolId, remedy };
  });
}
