import type { Answer, IncomingRequest } from "../../execute-api/transport.ts";
import { listen } from "../http-listener/listen.ts";
import { ListenError } from "../http-listener/listen-error.ts";
import type { ListenerLimits } from "../http-listener/listener-limits.ts";
import { StartError } from "../start-error.ts";

/**
 * The two addresses of the development issuer, on this machine only: half of the server-side clients refuse plain http,
 * and browsers need no certificate for localhost. Each is an issuer of its own, with the same keys.
 */
export interface IssuerListeners {
  /** `http://localhost:{port}/`; the trailing slash is part of it. */
  readonly httpUrl: string;
  /** `https://localhost:{next port}/` */
  readonly tlsUrl: string;
  stop(): Promise<void>;
}

/**
 * Not API Gateway's. Cookies know no ports, so those of every program that ever ran on localhost come along; an
 * id_token_hint is in the address. Bodies have 1 MB at most, and whoever sends a little more is still told so by the issuer.
 */
export const ISSUER_LIMITS: Partial<ListenerLimits> = {
  targetChars: 40 * 1024,
  headerValueBytes: 64 * 1024,
  headBytes: 128 * 1024,
  bodyBytes: 2 * 1024 * 1024,
  connections: 1000,
};

const HOST = "127.0.0.1";
const MAX_PORT = 65_535;

/**
 * Listens at a port, and with TLS at the one after it; port 0 means any free one for each.
 *
 * @throws ListenError when the port cannot be had, StartError naming the flag when the one after it cannot
 */
export async function listenAsIssuer(options: {
  readonly port: number;
  /** PEM; asked when the first client comes. */
  readonly tls: () => { readonly cert: string; readonly key: string };
  /** `issuerUrl` is that of the listener which the request came to. */
  readonly handler: (request: IncomingRequest, issuerUrl: string) => Answer | Promise<Answer>;
  readonly onError: (error: unknown) => void;
}): Promise<IssuerListeners> {
  const { port, tls, onError } = options;
  if (port === MAX_PORT) {
    throw new StartError(`--issuer-port is ${port}, and the issuer's HTTPS twin needs the one after it.`, 2);
  }
  let httpUrl = "";
  let tlsUrl = "";
  const shared = { host: HOST, onError, limits: ISSUER_LIMITS };
  const http = await listen({ ...shared, port, handler: (request) => options.handler(request, httpUrl) });
  httpUrl = `http://localhost:${http.port}/`;
  try {
    const handler = (request: IncomingRequest) => options.handler(request, tlsUrl);
    const twin = await listen({ ...shared, port: port === 0 ? 0 : port + 1, tls, handler });
    tlsUrl = `https://localhost:${twin.port}/`;
    return { httpUrl, tlsUrl, stop: async () => void (await Promise.all([http.stop(), twin.stop()])) };
  } catch (error) {
    await http.stop();
    if (!(error instanceof ListenError)) throw error;
    throw new StartError(
      `${error.message}. It is the port of the issuer's HTTPS twin, the one after --issuer-port ${port}: choose an --issuer-port whose next one is free, too, or 0.`,
    );
  }
}
