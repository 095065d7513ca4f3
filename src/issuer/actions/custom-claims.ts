/** What an Action has set on one token. */
export interface CustomClaims {
  set(name: unknown, value: unknown): void;
  /** Frozen copies, made when they were set. */
  claims(): Readonly<Record<string, unknown>>;
  /** Names that were left out, each with the reason and the cure. */
  dropped(): readonly string[];
}

/** Auth0's limit for the custom claims of a token (D). */
export const MAX_CUSTOM_CLAIMS_BYTES = 100 * 1024;

/** Auth0 ignores them without an error (D). `sip_*` belongs to them, too. */
const RESERVED: ReadonlySet<string> = new Set(
  `acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf cty dest
  entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky nbf nonce
  object_id org_id org_name orig origid permissions roles rph s_hash sid sip_callid sip_cseq_num sip_date sip_from_tag
  sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256`.split(/\s+/),
);

/** Claims of OpenID Connect about a person: the only private names that tokens for Auth0's own APIs may have (D). */
const PROFILE: ReadonlySet<string> = new Set(
  `address birthdate email email_verified family_name gender given_name locale middle_name name nickname phone_number
  phone_number_verified picture preferred_username profile updated_at website zoneinfo`.split(/\s+/),
);

/** Hosts below which Auth0 takes no claims: they would look like its own (D). */
const AUTH0_HOSTS = /^https?:\/\/(?:[^/:]+\.)?(?:auth0\.com|webtask\.io|webtask\.run)(?:[/:]|$)/i;

/**
 * Collects the custom claims of one token by Auth0's rules.
 *
 * @param isForAuth0Api whether the token's audience is the Management API, or /userinfo alone
 * @param method as the Action calls it, for the messages
 */
export function createCustomClaims({
  isForAuth0Api,
  method,
}: {
  readonly isForAuth0Api: boolean;
  readonly method: string;
}): CustomClaims {
  const claims = new Map<string, unknown>();
  const dropped = new Map<string, string>();
  let bytes = 0;

  return {
    set(name, value) {
      if (typeof name !== "string" || name === "") throw new TypeError(`${method}: a claim's name must be a text.`);
      const problem = whyDropped(name, isForAuth0Api);
      if (problem !== undefined) {
        dropped.set(name, `${method}("${name.slice(0, 128)}") has no effect: ${problem}`);
        return;
      }
      const copy = jsonCopy(value);
      if (copy === undefined) {
        dropped.set(
          name,
          `${method}("${name}") has no effect: ${typeof value} is nothing that JSON can hold. Give it a JSON value.`,
        );
        return;
      }
      bytes += sizeOf(name, copy) - (claims.has(name) ? sizeOf(name, claims.get(name)) : 0);
      if (bytes > MAX_CUSTOM_CLAIMS_BYTES) {
        throw new RangeError(`${method}: the custom claims have more than ${MAX_CUSTOM_CLAIMS_BYTES} bytes.`);
      }
      claims.set(name, copy);
      dropped.delete(name);
    },
    claims: () => Object.freeze(Object.fromEntries(claims)),
    dropped: () => [...dropped.values()],
  };
}

function whyDropped(name: string, isForAuth0Api: boolean): string | undefined {
  const namespaced = `Use a namespaced name, such as "https://example.com/${name.replace(/[^\w-]/g, "") || "claim"}".`;
  if (name === "__proto__") return `it is no name for a claim. ${namespaced}`;
  if (RESERVED.has(name) || name.startsWith("sip_"))
    return `Auth0 reserves this claim and drops it silently. ${namespaced}`;
  if (AUTH0_HOSTS.test(name)) return "Auth0 drops claims below its own hosts. Use a host of yours.";
  if (isForAuth0Api && !isNamespaced(name) && !PROFILE.has(name)) {
    return `tokens for Auth0's own APIs have no private claims. ${namespaced}`;
  }
  return undefined;
}

function isNamespaced(name: string): boolean {
  return URL.canParse(name) && /^https?:/i.test(name);
}

/** As it will be in the token, so that a later change of the value changes nothing. Undefined for what JSON has no word for. */
export function jsonCopy(value: unknown): unknown {
  const text = JSON.stringify(value); // throws for circles and bigint: an error of the Action
  return text === undefined ? undefined : deepFreeze(JSON.parse(text));
}

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const each of Object.values(value)) deepFreeze(each);
  }
  return value;
}

function sizeOf(name: string, value: unknown): number {
  return Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(value)) + 2;
}
