import { decodeJwt } from "../token/decode-jwt.ts";
import { refuseIssuer } from "../token/judge-claims.ts";
import { createRemoteKeySet } from "../token/remote-key-set.ts";
import { scopesOf } from "../token/scopes.ts";
import { type Claims, type CredentialFailure, refuse } from "../token/token-verdict.ts";
import { type RemoteTokenVerdict, verifyDecodedWithRemoteKeys } from "../token/verify-with-remote-keys.ts";
import { log, stop } from "./log.ts";
import { cutMethodArn, denyAll, type MethodArn, mayCall, policyForMethod, policyForToken } from "./policy-for-token.ts";
import { type Configuration, type Environment, readConfiguration } from "./read-configuration.ts";

/** What API Gateway sends: TOKEN and REQUEST of REST APIs, payload formats 1.0 and 2.0 of HTTP APIs. */
export interface AuthorizerEvent {
  /** Only HTTP APIs send it. */
  readonly version?: string;
  readonly authorizationToken?: string;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly methodArn?: string;
  readonly routeArn?: string;
}

/** API Gateway answers 500 to lists and objects in the context (C), so they are written as JSON. */
export type AuthorizerContext = Readonly<Record<string, string | number | boolean>>;

export type AuthorizerAnswer =
  | { readonly principalId: string; readonly policyDocument: object; readonly context: AuthorizerContext }
  /** HTTP APIs with simple responses enabled. */
  | { readonly isAuthorized: boolean; readonly context: AuthorizerContext };

type Authorizer = (event: AuthorizerEvent) => Promise<AuthorizerAnswer>;

type Judgement = RemoteTokenVerdict | CredentialFailure;

let authorizer: Authorizer | undefined;

/**
 * The Lambda handler. A token that is refused ends in `Error("Unauthorized")`, which REST APIs answer with 401 (D), and in
 * one JSON line on the log that says why and never holds the token. HTTP APIs would answer 500 to that error (D), so they
 * get a Deny (403). What is not the caller's fault, a missing setting or an issuer that cannot be read, is another error
 * and so a 500. Settings: see readConfiguration.
 */
export const handler: Authorizer = async (event) => (authorizer ??= createAuthorizer(process.env))(event);

/** The same with an environment of one's own; throws for a configuration that lacks something. */
export function createAuthorizer(environment: Environment): Authorizer {
  const configuration = readConfiguration(environment);
  const { keySources, isBearerOptional, simpleResponses } = configuration;
  const keySets = new Map(keySources.map(([issuer, source]) => [issuer as unknown, createRemoteKeySet(source)]));

  const judge = (event: AuthorizerEvent): Judgement | Promise<Judgement> => {
    const sent = authorizationOf(event);
    if (sent === undefined) return refuse("token_missing", {});
    const token = /^bearer +(\S+)$/i.exec(sent)?.[1] ?? (isBearerOptional ? sent : undefined);
    if (token === undefined) return refuse("bearer_missing", {});
    const decoded = decodeJwt(token);
    if (!decoded.ok) return decoded;
    // What the token claims only picks among the configured issuers, whose keys then have to prove it.
    const keys = keySets.get(decoded.claims.iss);
    const options = { ...configuration, nowSeconds: Date.now() / 1000 };
    return keys ? verifyDecodedWithRemoteKeys(decoded, keys, options) : refuseIssuer(decoded.claims, configuration);
  };

  return async (event) => {
    const arn = cutMethodArn(event.routeArn ?? event.methodArn ?? "");
    if (!arn) throw new Error("The event has no methodArn");
    const verdict = await judge(event);
    if (verdict.ok) return answer(verdict.claims, arn, event, configuration);
    const { ok, ...failure } = verdict;
    // Only failures of a key set have a url: the issuer's fault, not the token's.
    if ("url" in failure) stop("keys_unavailable", `Keys unavailable: ${failure.url}`, failure);
    log("info", "token_refused", `Token refused: ${failure.reason.replaceAll("_", " ")}`, failure);
    if (!event.version) throw new Error("Unauthorized");
    const context = {};
    if (simpleResponses) return { isAuthorized: false, context };
    return { principalId: "unauthorized", policyDocument: denyAll(arn.stage), context };
  };
}

/** The one Authorization value of any kind of event; a header sent twice is none. */
function authorizationOf({ authorizationToken, headers, multiValueHeaders }: AuthorizerEvent): string | undefined {
  const values = Object.entries(multiValueHeaders ?? headers ?? {}).flatMap(([name, value]) =>
    name.toLowerCase() === "authorization" ? (value ?? []) : [],
  );
  return authorizationToken ?? (values.length < 2 ? values[0] : undefined);
}

function answer(
  claims: Claims,
  arn: MethodArn,
  { version }: AuthorizerEvent,
  { rules, isMethodPolicy, simpleResponses, contextClaims }: Configuration,
): AuthorizerAnswer {
  const context: Record<string, string | number | boolean> = {};
  const flat: Claims = { ...claims, scope: scopesOf(claims).join(" ") || null };
  for (const name of ["scope", "sub", ...contextClaims]) {
    const value = flat[name];
    if (value != null) context[name] = typeof value === "object" ? JSON.stringify(value) : (value as string);
  }
  if (simpleResponses && version) return { isAuthorized: mayCall(rules, claims, arn), context };
  return {
    // Without a subject, the client: client credentials tokens of some issuers name only that.
    principalId: String(claims.sub ?? claims.client_id ?? claims.azp ?? "unknown"),
    policyDocument: (isMethodPolicy ? policyForMethod : policyForToken)(rules, claims, arn),
    context,
  };
}
