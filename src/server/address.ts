/** Where a request on the shared port goes. Precedence: host of an API, own interface, path forms, management, nothing. */
export type Address =
  | { readonly plane: "execute-api"; readonly form: "host" | "path"; readonly apiId: string; readonly target: string }
  | { readonly plane: "own"; readonly target: string }
  | { readonly plane: "management" }
  | { readonly plane: "none" };

const EXECUTE_API_HOST = /^([a-z0-9]+)\.execute-api\.(?:localhost|[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)$/;
const AWS_PATH_FORM = "/_aws/execute-api/";
const RESTAPIS_PATH_FORM = /^\/restapis\/([^/?]+)\/([^/?]+)\/_user_request_(?=[/?]|$)/;

/**
 * Reads Host and target. An API's Host takes every path of it; the path forms are stripped, so that what follows begins
 * with `/{stage}` as on AWS.
 */
export function readAddress(host: string | undefined, target: string): Address {
  const hostname = hostnameOf(host);
  // Most hosts are none of an API: looking for the word first costs less than matching.
  const byHost = hostname.includes(".execute-api.") ? EXECUTE_API_HOST.exec(hostname) : null;
  if (byHost !== null) return { plane: "execute-api", form: "host", apiId: byHost[1] as string, target };
  if (target === "/_gatewarden" || target.startsWith("/_gatewarden/") || target.startsWith("/_gatewarden?"))
    return { plane: "own", target };
  if (target.startsWith(AWS_PATH_FORM)) {
    const end = endOfSegment(target, AWS_PATH_FORM.length);
    const apiId = target.slice(AWS_PATH_FORM.length, end);
    if (apiId !== "") return { plane: "execute-api", form: "path", apiId, target: withSlash(target.slice(end)) };
  }
  const byRestapis = RESTAPIS_PATH_FORM.exec(target);
  if (byRestapis !== null) {
    const rest = withSlash(target.slice(byRestapis[0].length));
    return { plane: "execute-api", form: "path", apiId: byRestapis[1] as string, target: `/${byRestapis[2]}${rest}` };
  }
  return hostname === "" ? { plane: "none" } : { plane: "management" };
}

/** A Host header without its port, in lower case. */
export function hostnameOf(host: string | undefined): string {
  if (host === undefined) return "";
  const colon = host.lastIndexOf(":");
  return (colon >= 0 && /^:\d+$/.test(host.slice(colon)) ? host.slice(0, colon) : host).toLowerCase();
}

function endOfSegment(target: string, start: number): number {
  const slash = target.indexOf("/", start);
  const question = target.indexOf("?", start);
  if (slash < 0) return question < 0 ? target.length : question;
  return question < 0 ? slash : Math.min(slash, question);
}

function withSlash(rest: string): string {
  return rest.startsWith("/") ? rest : `/${rest}`;
}
