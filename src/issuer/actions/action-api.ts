import { type CustomClaims, createCustomClaims, jsonCopy } from "./custom-claims.ts";

export type Trigger = "post-login" | "credentials-exchange";

/** What an Action has asked for. */
export interface ActionEffects {
  readonly accessToken: CustomClaims;
  readonly idToken: CustomClaims;
  scopes(): readonly string[];
  denial(): Denial | undefined;
  /** By name; first those of the user, then those of the application. */
  userMetadata(): Readonly<Record<string, unknown>>;
  appMetadata(): Readonly<Record<string, unknown>>;
  /** Nothing counts after that: the Action was not awaited, or took too long. */
  close(): void;
}

export interface Denial {
  readonly error: string;
  readonly description: string;
}

/** Texts of an Action are cut to this on their way to the client. */
export const MAX_DENIAL_CHARS = 1024;
/** Names that one Action may set in metadata, and scopes that it may add. */
export const MAX_ACTION_CHANGES = 1000;

/**
 * The `api` object of an Action, and what was done with it. Methods answer the object itself, as Auth0's do (D). What is
 * not listed here throws: an Action that asks for MFA must not pass as if it had been done.
 */
export function createActionApi(given: {
  readonly trigger: Trigger;
  readonly scopes: readonly string[];
  /** The token is for the Management API, or for /userinfo alone. */
  readonly isForAuth0Api: boolean;
}): { readonly api: object; readonly effects: ActionEffects } {
  const { isForAuth0Api, trigger } = given;
  const accessToken = createCustomClaims({ isForAuth0Api, method: "api.accessToken.setCustomClaim" });
  const idToken = createCustomClaims({ isForAuth0Api: false, method: "api.idToken.setCustomClaim" });
  const scopes = new Set(given.scopes);
  const userMetadata = new Map<string, unknown>();
  const appMetadata = new Map<string, unknown>();
  let denial: Denial | undefined;
  let isOpen = true;

  const chained =
    (act: (...values: readonly unknown[]) => void) =>
    (...values: readonly unknown[]): object => {
      if (!isOpen) throw new Error("The Action has ended: await everything that it does.");
      act(...values);
      return api;
    };

  const token = {
    setCustomClaim: chained((name, value) => accessToken.set(name, value)),
    addScope: chained((scope) => {
      if (scopes.size >= MAX_ACTION_CHANGES) throw new RangeError(`More than ${MAX_ACTION_CHANGES} scopes.`);
      scopes.add(scopeName(scope));
    }),
    removeScope: chained((scope) => void scopes.delete(scopeName(scope))),
  };
  const namespaces: Readonly<Record<string, object>> =
    trigger === "post-login"
      ? {
          accessToken: token,
          idToken: { setCustomClaim: chained((name, value) => idToken.set(name, value)) },
          access: {
            deny: chained((reason) => {
              denial ??= { error: "access_denied", description: shown(reason) };
            }),
          },
          user: {
            setUserMetadata: chained((name, value) => setMetadata(userMetadata, "setUserMetadata", name, value)),
            setAppMetadata: chained((name, value) => setMetadata(appMetadata, "setAppMetadata", name, value)),
          },
        }
      : {
          accessToken: token,
          access: {
            deny: chained((code, reason) => {
              denial ??= { error: errorCode(code), description: shown(reason) };
            }),
          },
        };
  const api = strict(
    "api",
    Object.fromEntries(Object.entries(namespaces).map(([name, methods]) => [name, strict(`api.${name}`, methods)])),
  );
  return {
    api,
    effects: {
      accessToken,
      idToken,
      scopes: () => [...scopes],
      denial: () => denial,
      userMetadata: () => Object.fromEntries(userMetadata),
      appMetadata: () => Object.fromEntries(appMetadata),
      close() {
        isOpen = false;
      },
    },
  };
}

/** An object that throws where another would answer undefined. `then` stays undefined: an Action may return its `api`. */
function strict(path: string, members: object): object {
  return new Proxy(Object.freeze(members), {
    get(target, name) {
      if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
      if (Object.hasOwn(target, name)) return (target as Record<string, unknown>)[name];
      throw new Error(`${path}.${name} is not supported by the development issuer.`);
    },
  });
}

function setMetadata(metadata: Map<string, unknown>, method: string, name: unknown, value: unknown): void {
  if (typeof name !== "string" || name === "" || name === "__proto__") {
    throw new TypeError(`api.user.${method}: the name must be a text other than "__proto__".`);
  }
  const copy = jsonCopy(value);
  if (copy === undefined) throw new TypeError(`api.user.${method}("${name}"): ${typeof value} is no JSON value.`);
  if (metadata.size >= MAX_ACTION_CHANGES)
    throw new RangeError(`api.user.${method}: more than ${MAX_ACTION_CHANGES} names.`);
  metadata.set(name, copy);
}

/** RFC 6749 §3.3: a scope is one word. */
function scopeName(scope: unknown): string {
  if (typeof scope === "string" && /^[\x21\x23-\x5b\x5d-\x7e]{1,280}$/.test(scope)) return scope;
  throw new TypeError("A scope must be a text without spaces, quotes and backslashes.");
}

/** RFC 6749 §5.2: the characters of an error code. */
function errorCode(code: unknown): string {
  if (typeof code === "string" && /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(code)) return code;
  throw new TypeError("api.access.deny(code, reason): the code must be a word, such as invalid_request.");
}

function shown(reason: unknown): string {
  return typeof reason === "string" ? reason.slice(0, MAX_DENIAL_CHARS) : "";
}
