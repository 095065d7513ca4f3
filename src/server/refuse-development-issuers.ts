import { createHttpClient, type HttpClient } from "../execute-api/integrations/http-client/http-client.ts";
import { discoveryUrl } from "../token/discover-jwks-uri.ts";
import { openDataDir } from "./data-dir.ts";
import { leadsToThisMachine } from "./leads-to-this-machine.ts";
import { trustedIssuers } from "./project/contact-issuers.ts";
import { loadProject } from "./project/load-project.ts";
import { partitionOf, type ServerOptions } from "./server-options.ts";
import { StartError } from "./start-error.ts";

const ASK_TIMEOUT_MS = 3_000;
const ISSUER_VARIABLES = ["TOKEN_ISSUER", "JWKS_URI"];

/**
 * Production trusts no development issuer: authorizer functions, JWT authorizers and user pools may name neither http nor
 * loopback addresses, nor an issuer that answers `x-dev-issuer`. An issuer that cannot be reached now is not refused for that.
 * @throws StartError naming the function and variable, or the authorizer, and the value
 */
export async function refuseDevelopmentIssuers(options: ServerOptions): Promise<void> {
  const place = { region: options.region, accountId: options.accountId, partition: partitionOf(options.region) };
  const project = loadProject(
    { files: options.files, cwd: options.cwd, ...(options.config !== undefined && { config: options.config }) },
    place,
    {
      issuerUrl: undefined,
      dataDir: openDataDir(options.dataDir).path,
      parameters: options.parameters,
    },
  );
  const http = createHttpClient();
  try {
    for (const { name, environment } of project.functions) {
      for (const variable of ISSUER_VARIABLES) {
        for (const value of (environment[variable] ?? "").split(",").map((each) => each.trim())) {
          if (value !== "") await refuseOne(`${variable} of function ${name}`, value, value, http);
        }
      }
    }
    for (const { issuer, authorizer } of project.apis.flatMap((loaded) => trustedIssuers(loaded, project.userPools))) {
      await refuseOne(`the issuer of ${authorizer}`, issuer, discoveryUrl(issuer), http);
    }
  } finally {
    await http.close();
  }
}

/** `asked` is where the issuer says what it is. */
async function refuseOne(who: string, value: string, asked: string, http: HttpClient): Promise<void> {
  const refuse = (what: string): never => {
    throw new StartError(
      `${who} is ${JSON.stringify(value)}, ${what}. Name the production issuer, or use "gatewarden dev".`,
    );
  };
  let url: URL;
  try {
    url = new URL(asked);
  } catch {
    return refuse("which is no URL");
  }
  if (url.protocol !== "https:") refuse("which is not https");
  if (leadsToThisMachine(url.hostname)) refuse("which is this machine");
  const answer = await http.request({
    method: "GET",
    url: { scheme: "https", hostname: url.hostname, port: Number(url.port || 443) },
    path: url.pathname,
    headers: ["Host", url.host, "Accept", "application/json"],
    timeoutMs: ASK_TIMEOUT_MS,
  });
  if (
    answer.outcome === "response" &&
    answer.headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === "x-dev-issuer")
  ) {
    refuse("which says that it is a development issuer");
  }
}
