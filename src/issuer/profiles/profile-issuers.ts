import { isLoopback } from "../../token/loopback.ts";
import type { Profile } from "../tokens/provider-profiles.ts";

/** A provider whose issuers this one also plays, each at the provider's own paths below the issuer's origin. */
export type ImitatedProvider = Exclude<Profile, "auth0">;

/** A place that a provider publishes, and of which of its issuers. */
export interface ProfilePath {
  readonly profile: ImitatedProvider;
  /** The issuer's part below the origin, e.g. `realms/gatewarden`: never with a slash at the end. */
  readonly issuerPath: string;
  readonly publishes: "discovery" | "keys";
}

/** Entra's tenant when no other is named. */
export const DEFAULT_ENTRA_TENANT_ID = "11111111-1111-4111-8111-111111111111";

/** (D) Amazon Cognito Developer Guide, "Verifying JSON web tokens". */
const COGNITO_HOST = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/;
const DISCOVERY = "/.well-known/openid-configuration";
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

interface ProviderPaths {
  /** The issuer that tokens are of unless another is named. */
  readonly defaultPath: string;
  readonly issuerPath: RegExp;
  /** Where the issuer's keys are, below the origin. */
  readonly keysPath: (issuerPath: string) => string;
  readonly discoveryPaths?: readonly string[];
}

/** Where each provider has its issuers and their keys: Cognito and Entra (D), Okta (?), Keycloak (C). */
const PROVIDERS: Readonly<Record<ImitatedProvider, ProviderPaths>> = {
  cognito: {
    defaultPath: "us-east-1_EXAMPLE",
    issuerPath: /^[a-z]{2}(?:-[a-z]+)+-\d_[0-9a-zA-Z]+$/,
    keysPath: (path) => `${path}/.well-known/jwks.json`,
  },
  okta: {
    defaultPath: "oauth2/default",
    issuerPath: /^oauth2\/[\w-]+$/,
    keysPath: (path) => `${path}/v1/keys`,
    discoveryPaths: [DISCOVERY, "/.well-known/oauth-authorization-server"],
  },
  entra: {
    defaultPath: `${DEFAULT_ENTRA_TENANT_ID}/v2.0`,
    issuerPath: new RegExp(`^${UUID}/v2\\.0$`),
    // Beside the issuer, not below it.
    keysPath: (path) => `${path.replace(/v2\.0$/, "")}discovery/v2.0/keys`,
  },
  keycloak: {
    defaultPath: "realms/gatewarden",
    issuerPath: /^realms\/(?!\.\.?$)[\w.-]+$/, // "." and ".." are steps of a path
    keysPath: (path) => `${path}/protocol/openid-connect/certs`,
  },
};

const NAMES = Object.keys(PROVIDERS) as readonly ImitatedProvider[];

/** The `iss` of a profile's tokens when nothing names another: the provider's own path, without a slash at the end. */
export function profileIssuerUrl(profile: Profile, issuerUrl: string): string {
  return profile === "auth0" ? issuerUrl : `${issuerUrl}${PROVIDERS[profile].defaultPath}`;
}

/**
 * The provider whose issuer this is, when it is one that a development issuer plays: by its path, on this machine, or a
 * user pool's own, which a development issuer may speak for.
 */
export function profileOfIssuer(issuer: string): ImitatedProvider | undefined {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined) return undefined;
  if (COGNITO_HOST.test(url.hostname)) return "cognito";
  if (!isLoopback(url.hostname)) return undefined;
  return NAMES.find((name) => PROVIDERS[name].issuerPath.test(url.pathname.slice(1)));
}

/** Where the keys of a profile's issuer are. */
export function profileJwksUri({ profile, issuerPath }: ProfilePath, issuerUrl: string): string {
  return `${issuerUrl}${PROVIDERS[profile].keysPath(issuerPath)}`;
}

/** @param path of a request, as on the wire: what is written another way is another path, as it is at the providers */
export function readProfilePath(path: string): ProfilePath | undefined {
  for (const profile of NAMES) {
    const { issuerPath: pattern, keysPath, discoveryPaths = [DISCOVERY] } = PROVIDERS[profile];
    const suffix = discoveryPaths.find((each) => path.endsWith(each));
    if (suffix !== undefined) {
      const issuerPath = path.slice(1, -suffix.length);
      if (pattern.test(issuerPath)) return { profile, issuerPath, publishes: "discovery" };
    }
    const issuerPath = issuerPathOfKeys(path, keysPath, pattern);
    if (issuerPath !== undefined) return { profile, issuerPath, publishes: "keys" };
  }
  return undefined;
}

/** The issuer whose keys are at the path: the one prefix of it, or Entra's sibling, whose keys are exactly there. */
function issuerPathOfKeys(path: string, keysPath: ProviderPaths["keysPath"], pattern: RegExp): string | undefined {
  const segments = path.slice(1).split("/", MAX_SEGMENTS);
  const candidates = [segments[0], segments.slice(0, 2).join("/"), `${segments[0]}/v2.0`];
  return candidates.find((each) => each !== undefined && pattern.test(each) && `/${keysPath(each)}` === path);
}

/** Keycloak's keys have the longest path: realms, its name, protocol, openid-connect, certs. */
const MAX_SEGMENTS = 6;
