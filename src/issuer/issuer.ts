import { type Documents, StoreError } from "../store/documents.ts";
import { isLoopback } from "../token/loopback.ts";
import type { Actions } from "./actions/actions.ts";
import { discoveryDocument } from "./discovery.ts";
import type { IssuerContext, IssuerState } from "./issuer-context.ts";
import { eventText, type IssuerEvent } from "./issuer-event.ts";
import {
  headerValues,
  type IssuerAnswer,
  type IssuerRequest,
  jsonAnswer,
  methodAndPath,
  NO_STORE,
  textAnswer,
} from "./issuer-request.ts";
import type { IssuerJwks, KeyRing, RsaAlgorithm } from "./keys/keys.ts";
import { createEventLog } from "./management/event-log.ts";
import { redactEvent } from "./redact-event.ts";
import { type StateFolder, StateFolderError } from "./state-folder.ts";
import type { Tenant } from "./tenant/tenant.ts";
import type { TenantStore } from "./tenant/tenant-store.ts";
import { type MintOptions, mintToken } from "./tokens/mint-token.ts";

export interface IssuerOptions {
  /** E.g. `http://localhost:4567/`. The trailing slash is part of it, as on Auth0. */
  readonly issuerUrl: string;
  readonly tenants: TenantStore;
  readonly keys: KeyRing;
  readonly folder: StateFolder;
  /** Where logins and refresh tokens are kept; called at the first of them. */
  readonly documents: () => Documents;
  readonly actions?: Actions;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  readonly onEvent?: (event: IssuerEvent) => void;
}

export interface Issuer {
  readonly issuerUrl: string;
  /**
   * Answers one request; never rejects for anything in it.
   *
   * @param issuerUrl of the listener that it came to; default the canonical one
   */
  handle(request: IssuerRequest, issuerUrl?: string): Promise<IssuerAnswer>;
  /** One token without a request. @throws MintError */
  mint(options?: MintOptions): string;
  /** The key set as published, for a gateway in the same process. */
  jwks(): IssuerJwks;
}

/** On every answer: by it a production gateway knows a development issuer and refuses to trust it. */
export const DEV_ISSUER_HEADER: readonly [string, string] = ["x-dev-issuer", "gatewarden"];

const OPEN_CORS = ["access-control-allow-origin", "*"];

/**
 * An Auth0-compatible issuer for development, without a transport: plain request in, plain answer out.
 *
 * @throws RangeError when `issuerUrl` is not an http(s) origin with a trailing slash, or not this machine's
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const { clock = Date.now, issuerUrl, keys, tenants, onEvent = () => {} } = options;
  checkIssuerUrl(issuerUrl);
  const eventLog = createEventLog({ clock });
  const emit = (event: IssuerEvent): void => {
    const told = redactEvent(event, tenants.current());
    eventLog.record(told);
    onEvent(told);
  };
  const openState = once(async () => {
    const { openIssuerState } = await import("./open-issuer-state.ts");
    return openIssuerState({ ...options, clock, emit, eventLog });
  });

  async function route(request: IssuerRequest, asked: Omit<IssuerContext, "state">): Promise<IssuerAnswer> {
    switch (methodAndPath(request)) {
      case "GET /.well-known/openid-configuration":
      case "GET /.well-known/oauth-authorization-server":
        return jsonAnswer(200, discoveryDocument(asked.issuerUrl), OPEN_CORS);
      case "GET /.well-known/jwks.json":
        return jsonAnswer(200, keys.jwks(publishedAlgorithms(asked.tenant)), OPEN_CORS);
      default:
        return (await answerElsewhere(request, { ...asked, state: await openState() })) ?? notFound(request);
    }
  }

  function notFound(request: IssuerRequest): IssuerAnswer {
    const endpoint = methodAndPath(request);
    const description = `Cannot ${endpoint}`; // (C) the text Auth0's front gives
    const reason = whyNotFound(request.target);
    if (reason !== undefined) {
      emit({ kind: "refused", endpoint: eventText(endpoint), reason, description: eventText(description) });
    }
    return textAnswer(404, description);
  }

  return {
    issuerUrl,
    async handle(request, listener = issuerUrl) {
      const tenant = tenants.current();
      const host = allowedHost(request, tenant.customDomains);
      let answer: IssuerAnswer;
      if (host === undefined) {
        const description = "The development issuer answers for localhost, *.localhost, 127.0.0.1 and [::1] only.";
        const actual = eventText(headerValues(request, "host").join(", "));
        const endpoint = eventText(methodAndPath(request));
        emit({ kind: "refused", endpoint, reason: "host_not_local", description, actual });
        answer = textAnswer(403, description);
      } else {
        const asked = { issuerUrl: issuerOf(host, listener, tenant), tenant };
        answer = await route(request, asked).catch((error: unknown) => refuseWithoutState(error, request, emit));
      }
      const headers = [...answer.headers, ...DEV_ISSUER_HEADER, "x-content-type-options", "nosniff"];
      return { ...answer, headers, body: request.method === "HEAD" ? "" : answer.body };
    },
    mint: (mintOptions) => mintToken({ issuerUrl, tenant: tenants.current(), keys, clock }, mintOptions),
    jwks: () => keys.jwks(publishedAlgorithms(tenants.current())),
  };
}

/** Endpoints of Auth0's Authentication API that are not here. */
const NOT_SUPPORTED =
  /^\/(?:oauth\/(?:par|device)|oidc\/register|mfa|passwordless|dbconnections|samlp|wsfed|bc-authorize)(?:\/|\?|$)/;

/** What is worth telling of a path that nothing answers. */
function whyNotFound(target: string): "double_slash" | "endpoint_not_supported" | undefined {
  // An issuer with its slash, pasted where a client adds one of its own: the cause of a 404 more often than any.
  if (target.startsWith("//")) return "double_slash";
  return NOT_SUPPORTED.test(target) ? "endpoint_not_supported" : undefined;
}

type Answering = (request: IssuerRequest, context: IssuerContext) => Promise<IssuerAnswer | undefined>;

/** What answers by path, the first that takes it; each is loaded when it is first asked for, which no start waits for. */
const PARTS: readonly { readonly path: RegExp; readonly load: () => Promise<Answering> }[] = [
  {
    path: /^\/(?:oauth\/|userinfo$)/,
    load: once(async () => (await import("./token-endpoint/answer-token-endpoint.ts")).answerTokenEndpoint),
  },
  {
    path: /^\/(?:authorize$|u\/|v2\/|oidc\/)/,
    load: once(async () => (await import("./login/answer-login.ts")).answerLogin),
  },
  { path: /^\/api\//, load: once(async () => (await import("./management/answer-management.ts")).answerManagement) },
  { path: /^/, load: once(async () => (await import("./profiles/answer-profile.ts")).answerProfile) },
];

function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () => {
    loading ??= load();
    return loading;
  };
}

async function answerElsewhere(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer | undefined> {
  const path = request.target.split("?", 1)[0]!;
  for (const { path: pattern, load } of PARTS) {
    const answer = pattern.test(path) ? await (await load())(request, context) : undefined;
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function publishedAlgorithms(tenant: Tenant): readonly RsaAlgorithm[] {
  return tenant.apis.some(({ signingAlg }) => signingAlg === "PS256") ? ["RS256", "PS256"] : ["RS256"];
}

/**
 * A full disk, a file that another program has spoilt or holds: the developer's to mend, and no defect of ours.
 *
 * @throws what is none of these
 */
function refuseWithoutState(error: unknown, request: IssuerRequest, emit: IssuerState["emit"]): IssuerAnswer {
  if (!(error instanceof StoreError || error instanceof StateFolderError)) throw error;
  const description = "The development issuer cannot read or write its state. Its terminal says why.";
  const endpoint = eventText(methodAndPath(request));
  emit({ kind: "refused", endpoint, reason: "state_unusable", description, actual: eventText(error.message) });
  return jsonAnswer(500, { error: "server_error", error_description: description }, NO_STORE);
}

/**
 * A custom domain is an issuer of its own: tokens carry the `iss` of the host that was asked (D). The port is the
 * listener's, never the request's: nobody names an issuer by what they send.
 */
function issuerOf(host: string, listener: string, { customDomains }: Tenant): string {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!customDomains.includes(name)) return listener;
  const url = new URL(listener);
  url.hostname = name;
  return url.href;
}

function checkIssuerUrl(issuerUrl: string): void {
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || issuerUrl !== `${url.origin}/`) {
    throw new RangeError(
      `The issuer "${issuerUrl}" must be an origin with a trailing slash, such as "http://localhost:4567/".`,
    );
  }
  if (!isLoopback(url.hostname)) {
    throw new RangeError(
      `The issuer "${issuerUrl}" is not a loopback address. The development issuer is for this machine.`,
    );
  }
}

/** The Host, if it may be asked for. A page that gets its own name to resolve to 127.0.0.1 (DNS rebinding) still sends that name. */
function allowedHost(request: IssuerRequest, customDomains: readonly string[]): string | undefined {
  const hosts = headerValues(request, "host");
  const name = /^(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(hosts[0] ?? "")?.[1];
  const isAllowed =
    hosts.length === 1 && name !== undefined && (isLoopback(name) || customDomains.includes(name.toLowerCase()));
  return isAllowed ? hosts[0] : undefined;
}
