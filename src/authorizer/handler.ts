import { decodeJwt } from "../token/decode-jwt.ts";
import { discovered } from "../token/discover-jwks-uri.ts";
import { createRemoteKeySet } from "../token/remote-key-set.ts";
import { scopesOf } from "../token/scopes.ts";
import { asEvidence, type Claims } from "../token/token-verdict.ts";
import { type RemoteTokenVerdict, verifyWithRemoteKeys } from "../token/verify-with-remote-keys.ts";
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

type Judgement =
  | RemoteTokenVerdict
  | { readonly ok: false; readonly reason: "token_missing" | "bearer_missing"; readonly expected: string };

let authorizer: Authorizer | undefined;

/**
 * The Lambda handler. A token that is refused ends in `Error("Unauthorized")`, which REST APIs answer with 401 (D), and in
 * one JSON line on the log that says why and never holds the token. HTTP APIs would answer 500 to that error (D), so they
 * get a Deny (403). What is not the caller's fault, a missing setting or an issuer that cannot be read, is another error
 * and so a 500. Settings: see readConfiguration.
 */
export async function handler(event: AuthorizerEvent): Promise<AuthorizerAnswer> {
  authorizer ??= createAuthorizer(process.env);
  return authorizer(event);
}

/** The same with an environment of one's own; throws for a configuration that lacks something. */
export function createAuthorizer(environment: Environment): Authorizer {
  let configuration: Configuration;
  try {
    configuration = readConfiguration(environment);
  } catch (error) {
    log("error", "configuration_error", (error as Error).message);
    throw error;
  }
  const { issuers, isBearerOptional, simpleResponses, ...options } = configuration;
  const keySets = new Map<unknown, ReturnType<typeof createRemoteKeySet>>();
  for (const { issuer, jwksUri = discovered(issuer), initialKeys } of issuers) {
    const keys = initialKeys && { initialKeys };
    // Plain http only to this machine, for a development issuer.
    keySets.set(issuer, createRemoteKeySet({ jwksUri, ...keys, allowHttp: "loopback" }));
  }

  const judge = (event: AuthorizerEvent): Judgement | Promise<Judgement> => {
    const sent = authorizationOf(event);
    if (sent === undefined) return { ok: false, reason: "token_missing", expected: "one Authorization header" };
    const token = /^bearer +(\S+)$/i.exec(sent)?.[1] ?? (isBearerOptional ? sent : undefined);
    if (token === undefined) return { ok: false, reason: "bearer_missing", expected: "Bearer and a token" };
    const decoded = decodeJwt(token);
    if (!decoded.ok) return decoded;
    // What the token claims only picks among the configured issuers, whose keys then have to prove it.
    const { iss } = decoded.claims;
    const keys = keySets.get(iss);
    if (!keys)
      return {
        ok: false,
        reason: "issuer_mismatch",
        expected: [...keySets.keys()] as string[],
        actual: asEvidence(iss),
      };
    return verifyWithRemoteKeys(token, keys, { ...options, issuers: [iss as string], nowSeconds: Date.now() / 1000 });
  };

  return async (event) => {
    const arn = cutMethodArn(event.routeArn ?? event.methodArn ?? "");
    if (!arn) throw new Error("The event has no methodArn or routeArn");
    const verdict = await judge(event);
    if (verdict.ok) return answer(verdict.claims, arn, event, configuration);
    const { ok, ...details } = verdict;
    // Only failures of a key set have a url: the issuer's fault, not the token's.
    if ("url" in details) {
      log("error", "keys_unavailable", `cannot read the issuer's keys at ${details.url}`, details);
      throw new Error("Keys unavailable");
    }
    log("info", "token_refused", sentence(details), details);
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
  return authorizationToken ?? (values.length === 1 ? values[0] : undefined);
}

function answer(
  claims: Claims,
  arn: MethodArn,
  event: AuthorizerEvent,
  configuration: Configuration,
): AuthorizerAnswer {
  const { rules, isMethodPolicy, simpleResponses, contextClaims } = configuration;
  const context: Record<string, string | number | boolean> = {};
  const flat: Claims = { ...claims, scope: scopesOf(claims).scopes.join(" ") || null };
  for (const name of ["scope", "sub", ...contextClaims]) {
    const value = flat[name] ?? undefined;
    if (value !== undefined) context[name] = typeof value === "object" ? JSON.stringify(value) : (value as string);
  }
  if (simpleResponses && event.version) return { isAuthorized: mayCall(rules, claims, arn), context };
  return {
    // Without a subject, the client: client credentials tokens of some issuers name only that.
    principalId: String(claims.sub ?? claims.client_id ?? claims.azp ?? "unknown"),
    policyDocument: (isMethodPolicy ? policyForMethod : policyForToken)(rules, claims, arn),
    context,
  };
}

/** `audience mismatch: the token has ["https://other"], the authorizer wants ["https://pets"]` */
function sentence(details: {
  readonly reason: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}): string {
  const [expected, actual] = [details.expected, details.actual].map((each) => JSON.stringify(each));
  const has = actual ? `the token has ${actual}, ` : "";
  return details.reason.replaceAll("_", " ") + (expected ? `: ${has}the authorizer wants ${expected}` : "");
}

function log(level: string, event: string, message: string, details?: object): void {
  console.log(JSON.stringify({ level, event, message, ...details }));
}
