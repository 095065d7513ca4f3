import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isJwsAlgorithm, type JwsAlgorithm } from "../token/jws-algorithm.ts";
import { type KeySet, parseKeySet } from "../token/key-set.ts";
import { type CompiledRules, RULES_FORMAT } from "./compiled-rules.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a token comes from and where its keys are. */
export interface TrustedIssuer {
  /** Exactly as in `iss`, trailing slash included. */
  readonly issuer: string;
  /** Absent: the issuer's discovery document names it. */
  readonly jwksUri: string | undefined;
  /** Keys from the keys file: the first token then needs no fetch. */
  readonly initialKeys: KeySet | undefined;
}

export interface Configuration {
  readonly issuers: readonly TrustedIssuer[];
  readonly audiences: readonly string[];
  readonly algorithms: readonly JwsAlgorithm[];
  readonly leewaySeconds: number;
  readonly clientIdAsAudience: boolean;
  readonly contextClaims: readonly string[];
  /** A bare token is taken as well. */
  readonly isBearerOptional: boolean;
  /** Policies for the one method asked for, not for the stage. */
  readonly isMethodPolicy: boolean;
  readonly simpleResponses: boolean;
  /** Absent: every valid token may call everything. */
  readonly rules: CompiledRules | undefined;
}

export const MAX_LEEWAY_SECONDS = 300;

/**
 * Reads the authorizer's environment variables. Throws an Error that names the variable, what was found and what is
 * wanted.
 *
 * - `TOKEN_ISSUER`, `AUDIENCE`: required; several separated by commas. `JWKS_URI`: one per issuer in the same order, or
 *   none for discovery.
 * - `ALGORITHMS` (RS256), `LEEWAY_SECONDS` (0), `CLIENT_ID_AS_AUDIENCE` (false; Cognito access tokens have no `aud`),
 *   `BEARER` (required | optional), `CONTEXT_CLAIMS` (none beside scope and sub), `POLICY_SCOPE` (stage | method),
 *   `SIMPLE_RESPONSES` (false; for HTTP APIs with simple responses enabled).
 * - `RULES_FILE`, `KEYS_FILE`: paths relative to the function's folder. Without them `rules.json` and `keys.json` beside
 *   the bundle are used if they exist.
 */
export function readConfiguration(environment: Environment): Configuration {
  const list = (name: string, standard = ""): string[] =>
    (environment[name] || standard).split(",").flatMap((each) => each.trim() || []);
  const required = (name: string): string[] => {
    const values = list(name);
    return values.length > 0 ? values : wrong(name, environment[name], "one value, or several with commas");
  };
  /** True when the second of two words is set. */
  const isSecond = (name: string, first: string, second: string): boolean => {
    const value = environment[name] || first;
    return value === second || (value !== first && wrong(name, value, `${first} or ${second}`));
  };
  const issuers = required("TOKEN_ISSUER");
  const jwksUris = list("JWKS_URI");
  if (jwksUris.length > 0 && jwksUris.length !== issuers.length) {
    wrong("JWKS_URI", jwksUris.join(), "one for each TOKEN_ISSUER, or none");
  }
  const leewaySeconds = Number(environment.LEEWAY_SECONDS || 0);
  if (!(leewaySeconds >= 0 && leewaySeconds <= MAX_LEEWAY_SECONDS)) {
    wrong("LEEWAY_SECONDS", environment.LEEWAY_SECONDS, `0 to ${MAX_LEEWAY_SECONDS}`);
  }
  const rules = readJson("RULES_FILE", "rules.json", environment) as CompiledRules | undefined;
  if (rules && rules.format !== RULES_FORMAT) {
    wrong("RULES_FILE", rules.format, `${RULES_FORMAT}, as gatewarden authorizer bundle writes it`);
  }
  const keys = readJson("KEYS_FILE", "keys.json", environment) as Record<string, unknown> | undefined;
  return {
    issuers: issuers.map((issuer, index) => {
      // One issuer's JWKS as it is, or an object with a JWKS per issuer.
      const document = keys?.keys && issuers.length === 1 ? keys : keys?.[issuer];
      const parsed = document ? parseKeySet(document, { fetchedAtMs: Date.now() }) : undefined;
      if (parsed && !parsed.ok) wrong("KEYS_FILE", parsed.detail, "a JWKS");
      return { issuer, jwksUri: jwksUris[index], initialKeys: parsed?.ok ? parsed.keys : undefined };
    }),
    audiences: required("AUDIENCE"),
    algorithms: list("ALGORITHMS", "RS256").map((each) =>
      isJwsAlgorithm(each) ? each : wrong("ALGORITHMS", each, "asymmetric algorithms such as RS256"),
    ),
    leewaySeconds,
    clientIdAsAudience: isSecond("CLIENT_ID_AS_AUDIENCE", "false", "true"),
    contextClaims: list("CONTEXT_CLAIMS"),
    isBearerOptional: isSecond("BEARER", "required", "optional"),
    isMethodPolicy: isSecond("POLICY_SCOPE", "stage", "method"),
    simpleResponses: isSecond("SIMPLE_RESPONSES", "false", "true"),
    rules,
  };
}

function readJson(name: string, standard: string, environment: Environment): unknown {
  const path = environment[name];
  try {
    return JSON.parse(readFileSync(resolve(environment.LAMBDA_TASK_ROOT || "", path || standard), "utf8"));
  } catch (error) {
    // Only a file that nobody named may be missing: a rules file that cannot be read must not open the API.
    if (!path && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return wrong(name, (error as Error).message, "a JSON file");
  }
}

function wrong(name: string, found: string | undefined, wanted: string): never {
  throw new Error(`${name} is ${found ? JSON.stringify(found) : "not set"}, wanted: ${wanted}`);
}
