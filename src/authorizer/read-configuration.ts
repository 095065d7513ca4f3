import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { discovered } from "../token/discover-jwks-uri.ts";
import { isJwsAlgorithm, type JwsAlgorithm } from "../token/jws-algorithm.ts";
import { type KeySet, parseKeySet } from "../token/key-set.ts";
import { isLoopback } from "../token/loopback.ts";
import type { RemoteKeySetOptions } from "../token/remote-key-set.ts";
import { type CompiledRules, RULES_FORMAT } from "./compiled-rules.ts";
import { stop } from "./log.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration {
  /** Each exactly as in `iss`, trailing slash included. */
  readonly issuers: readonly string[];
  /** By issuer: where its keys are. Without JWKS_URI, its discovery document names them. */
  readonly keySources: readonly (readonly [issuer: string, source: RemoteKeySetOptions])[];
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
  const wrong = (name: string, wanted: string, found = environment[name]): never =>
    stop("configuration_error", `${name} is ${found ? JSON.stringify(found) : "not set"}, wanted: ${wanted}`);
  const text = (name: string, standard: string): string => environment[name] || standard;
  const list = (name: string, standard = ""): string[] =>
    text(name, standard)
      .split(",")
      .flatMap((each) => each.trim() || []);
  const required = (name: string): string[] => (list(name)[0] ? list(name) : wrong(name, "one or more, by commas"));
  /** True when the second of two words is set; the first is the standard. */
  const isSecond = (name: string, first = "false", second = "true"): boolean => {
    const at = [first, second].indexOf(text(name, first));
    return at < 0 ? wrong(name, `${first} or ${second}`) : at > 0;
  };
  const json = (name: string, standard: string): Record<string, unknown> | undefined => {
    const path = environment[name];
    try {
      return JSON.parse(readFileSync(resolve(environment.LAMBDA_TASK_ROOT || "", path || standard), "utf8"));
    } catch (error) {
      const fault = error as NodeJS.ErrnoException;
      // Only a file that nobody named may be missing: a rules file that cannot be read must not open the API.
      return !path && fault.code === "ENOENT" ? undefined : wrong(name, "a JSON file", fault.message);
    }
  };

  const issuers = required("TOKEN_ISSUER");
  const jwksUris = list("JWKS_URI");
  // Which hosts may be asked by plain http the key set knows.
  if (jwksUris[0] && (jwksUris.length !== issuers.length || !jwksUris.every((each) => /^https?:/.test(each))))
    wrong("JWKS_URI", "a URL per TOKEN_ISSUER, or none");
  const leewaySeconds = Number(environment.LEEWAY_SECONDS || 0);
  const mostLeewaySeconds = 300;
  if (!(leewaySeconds >= 0 && leewaySeconds <= mostLeewaySeconds)) wrong("LEEWAY_SECONDS", `0 to ${mostLeewaySeconds}`);
  const rules = json("RULES_FILE", "rules.json") as CompiledRules | undefined;
  if (rules && rules.format !== RULES_FORMAT) {
    wrong("RULES_FILE", `${RULES_FORMAT}, by authorizer bundle`, rules.format);
  }
  const keysFile = json("KEYS_FILE", "keys.json");
  const initialKeys = (issuer: string): KeySet | undefined => {
    // One issuer's JWKS as it is, or an object with a JWKS per issuer.
    const document = keysFile?.keys && !issuers[1] ? keysFile : keysFile?.[issuer];
    if (!document) return undefined;
    const parsed = parseKeySet(document, { fetchedAtMs: Date.now() });
    return parsed.ok ? parsed.keys : wrong("KEYS_FILE", "a JWKS", parsed.detail);
  };
  return {
    keySources: issuers.map((issuer, index) => {
      const jwksUri = jwksUris[index] ?? discovered(issuer);
      // Plain http only to this machine, for a development issuer.
      return [issuer, { jwksUri, initialKeys: initialKeys(issuer), allowHttp: isLoopback }];
    }),
    issuers,
    audiences: required("AUDIENCE"),
    algorithms: list("ALGORITHMS", "RS256").map((each) =>
      isJwsAlgorithm(each) ? each : wrong("ALGORITHMS", "algorithms such as RS256"),
    ),
    leewaySeconds,
    clientIdAsAudience: isSecond("CLIENT_ID_AS_AUDIENCE"),
    contextClaims: list("CONTEXT_CLAIMS"),
    isBearerOptional: isSecond("BEARER", "required", "optional"),
    isMethodPolicy: isSecond("POLICY_SCOPE", "stage", "method"),
    simpleResponses: isSecond("SIMPLE_RESPONSES"),
    rules,
  };
}
