import type { Client } from "../tenant/tenant.ts";

/**
 * The origins whose pages may call the token endpoint for a client (CORS): `web_origins`, `allowed_origins` and those
 * of its callbacks (D). Each is `scheme://host[:port]` as a browser writes it in `Origin`; what is no http(s) origin,
 * such as a native app's scheme or a wildcard, is left out.
 */
export function allowedOrigins(client: Client): readonly string[] {
  return originsOf([...client.webOrigins, ...client.allowedOrigins, ...client.callbacks]);
}

/**
 * Where an answer by web_message may be posted, that of a silent renewal in a frame: `web_origins` alone (D: Application
 * Settings, Allowed Web Origins). A callback's origin does not do for it. conformance/issuer/authorize/web-origin-missing
 */
export function webMessageOrigins(client: Client): readonly string[] {
  return originsOf(client.webOrigins);
}

/** The origin of an http(s) URL. */
export function originOf(url: string): string | undefined {
  if (url.includes("*") || !URL.canParse(url)) return undefined;
  const { origin, protocol } = new URL(url);
  return protocol === "http:" || protocol === "https:" ? origin : undefined;
}

function originsOf(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.map(originOf).filter((origin) => origin !== undefined))];
}
