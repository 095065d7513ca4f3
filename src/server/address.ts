/** Where a request on the shared port goes. Precedence: host of an API, own interface, path forms, management, nothing. */
export type Address =
  | { readonly plane: "execute-api"; readonly form: "host" | "path"; readonly apiId: string; readonly target: string }
  | { readonly plane: "own"; readonly target: string }
  | { readonly plane: "management" }
  | { readonly plane: "none" };

const EXECUTE_API_HOST = /^([a-z0-9]+)\.execute-api\.(?:localhost|[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)$/;
const AWS_PATH_FORM = /^\/_aws\/execute-api\/([^/?]+)(?=[/?]|$)/;
const RESTAPIS_PATH_FORM = /^\/restapis\/([^/?]+)\/([^/?]+)\/_user_request_(?=[/?]|$)/;

/**
 * Reads Host and target. An API's Host takes every path of it; the path forms are stripped, so that what follows begins
 * with `/{stage}` as on AWS.
 */
export function readAddress(host: string | undefined, target: string): Address {
  const hostname = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  const byHost = EXECUTE_API_HOST.exec(hostname);
  if (byHost !== null) return { plane: "execute-api", form: "host", apiId: byHost[1] as string, target };
  if (target === "/_gatewarden" || target.startsWith("/_gatewarden/") || target.startsWith("/_gatewarden?"))
    return { plane: "own", target };
  const byPath = AWS_PATH_FORM.exec(target);
  if (byPath !== null) {
    const rest = withSlash(target.slice(byPath[0].length));
    return { plane: "execute-api", form: "path", apiId: byPath[1] as string, target: rest };
  }
  const byRestapis = RESTAPIS_PATH_FORM.exec(target);
  if (byRestapis !== null) {
    const rest = withSlash(target.slice(byRestapis[0].length));
    return { plane: "execute-api", form: "path", apiId: byRestapis[1] as string, target: `/${byRestapis[2]}${rest}` };
  }
  return hostname === "" ? { plane: "none" } : { plane: "management" };
}

function withSlash(rest: string): string {
  return rest.startsWith("/") ? rest : `/${rest}`;
}
