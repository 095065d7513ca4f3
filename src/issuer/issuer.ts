import { answerTokenRequest } from "./answer-token-request.ts";
import { discoveryDocument } from "./discovery.ts";
import { headerValues, type IssuerAnswer, type IssuerRequest } from "./issuer-request.ts";
import type { IssuerJwks, KeyRing, RsaAlgorithm } from "./keys.ts";
import { isLoopbackName } from "./loopback.ts";
import { type MintOptions, mintToken } from "./mint-token.ts";
import type { TokenRefusalReason } from "./refusals.ts";
import type { Tenant } from "./tenant.ts";

export interface IssuerOptions {
  /** E.g. `http://localhost:4567/`. The trailing slash is part of it, as on Auth0. */
  readonly issuerUrl: string;
  readonly tenant: Tenant;
  readonly keys: KeyRing;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  /** Host names besides loopback ones that may be asked for; the developer's explicit word, never a default. */
  readonly allowedHosts?: readonly string[];
  /** Called once per token request. Events never hold a secret or a token. */
  readonly onEvent?: (event: IssuerEvent) => void;
}

export type IssuerEvent =
  | {
      readonly kind: "token_granted";
      readonly clientId: string;
      readonly audience: string;
      readonly scope: string;
      readonly lifetimeSeconds: number;
    }
  | {
      readonly kind: "token_refused";
      readonly reason: TokenRefusalReason;
      /** What the body says, so that it can be explained. */
      readonly description: string;
      /** As the request claims, cut to `MAX_EVENT_TEXT_CHARS`. */
      readonly clientId?: string;
      readonly audience?: string;
    };

export interface Issuer {
  readonly issuerUrl: string;
  /** Answers one request; never rejects for anything in it. */
  handle(request: IssuerRequest): Promise<IssuerAnswer>;
  /** One token without a request. @throws MintError */
  mint(options?: MintOptions): string;
  /** The key set as published, for a gateway in the same process. */
  jwks(): IssuerJwks;
}

export const MAX_EVENT_TEXT_CHARS = 256;
/** On every answer: by it a production gateway knows a development issuer and refuses to trust it. */
export const DEV_ISSUER_HEADER: readonly [string, string] = ["x-dev-issuer", "gatewarden"];

const OPEN_CORS = ["access-control-allow-origin", "*"];

/**
 * An Auth0-compatible issuer for development, without a transport: plain request in, plain answer out.
 *
 * @throws RangeError when `issuerUrl` is not an http(s) origin with a trailing slash, or not this machine's
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const { clock = Date.now, issuerUrl, keys, tenant, allowedHosts = [], onEvent = () => {} } = options;
  checkIssuerUrl(issuerUrl, allowedHosts);
  const minter = { issuerUrl, tenant, keys, clock };
  const discovery = JSON.stringify(discoveryDocument(issuerUrl));
  const algorithms: readonly RsaAlgorithm[] = tenant.apis.some(({ signingAlg }) => signingAlg === "PS256")
    ? ["RS256", "PS256"]
    : ["RS256"];

  /** Method and path exactly as on the wire: Auth0 does not normalise `//.well-known/...` either (C). */
  function route(request: IssuerRequest): IssuerAnswer {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const path = request.target.split("?", 1)[0]!;
    switch (`${method} ${path}`) {
      case "GET /.well-known/openid-configuration":
      case "GET /.well-known/oauth-authorization-server":
        return json(200, discovery, OPEN_CORS);
      case "GET /.well-known/jwks.json":
        return json(200, JSON.stringify(keys.jwks(algorithms)), OPEN_CORS);
      case "POST /oauth/token":
        return answerToken(request);
      default:
        return text(404, `Cannot ${method} ${path}`); // (C) the text Auth0's front gives
    }
  }

  function answerToken(request: IssuerRequest): IssuerAnswer {
    const { audience, clientId, outcome } = answerTokenRequest(request, minter);
    if (outcome.ok) {
      const { scope = "", expires_in: lifetimeSeconds } = outcome.answer;
      onEvent({ kind: "token_granted", clientId: clientId!, audience: audience!, scope, lifetimeSeconds });
      return json(200, JSON.stringify(outcome.answer), NO_STORE);
    }
    const { body, reason, status } = outcome.refusal;
    onEvent({
      kind: "token_refused",
      reason,
      description: cut(body.error_description),
      ...(clientId !== undefined && { clientId: cut(clientId) }),
      ...(audience !== undefined && { audience: cut(audience) }),
    });
    return json(status, JSON.stringify(body), NO_STORE);
  }

  return {
    issuerUrl,
    async handle(request) {
      const answer = isAllowedHost(request, allowedHosts)
        ? route(request)
        : text(403, "The development issuer answers for localhost, *.localhost, 127.0.0.1 and [::1] only.");
      const headers = [...answer.headers, ...DEV_ISSUER_HEADER, "x-content-type-options", "nosniff"];
      return { ...answer, headers, body: request.method === "HEAD" ? "" : answer.body };
    },
    mint: (mintOptions) => mintToken(minter, mintOptions),
    jwks: () => keys.jwks(algorithms),
  };
}

const NO_STORE = ["cache-control", "no-store"];

function json(status: number, body: string, headers: readonly string[]): IssuerAnswer {
  return { status, headers: ["content-type", "application/json", ...headers], body };
}

function text(status: number, body: string): IssuerAnswer {
  return { status, headers: ["content-type", "text/plain; charset=utf-8", ...NO_STORE], body };
}

function checkIssuerUrl(issuerUrl: string, allowedHosts: readonly string[]): void {
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || issuerUrl !== `${url.origin}/`) {
    throw new RangeError(
      `The issuer "${issuerUrl}" must be an origin with a trailing slash, such as "http://localhost:4567/".`,
    );
  }
  if (!isLoopbackName(url.hostname) && !allowedHosts.includes(url.hostname)) {
    throw new RangeError(
      `The issuer "${issuerUrl}" is not a loopback address. The development issuer is for this machine; allow the host explicitly if you must.`,
    );
  }
}

/** A page that gets its own name to resolve to 127.0.0.1 (DNS rebinding) still sends that name as Host. */
function isAllowedHost(request: IssuerRequest, allowedHosts: readonly string[]): boolean {
  const hosts = headerValues(request, "host");
  const name = /^(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(hosts[0] ?? "")?.[1];
  return (
    hosts.length === 1 && name !== undefined && (isLoopbackName(name) || allowedHosts.includes(name.toLowerCase()))
  );
}

function cut(value: string): string {
  return value.slice(0, MAX_EVENT_TEXT_CHARS);
}
