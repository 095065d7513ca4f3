import type { Finding, SourcePosition } from "../../model/finding.ts";
import { isLoopback } from "../../token/loopback.ts";
import { trustedPools } from "../project/contact-issuers.ts";
import type { LoadedApi, LoadedProject } from "../project/load-project.ts";

/** The local issuer's addresses: each is an issuer of its own, and `issuerUrl` is the one that everything should name. */
export interface IssuerNames {
  readonly issuerUrl: string;
  readonly issuerHttpUrl: string;
  readonly issuerTlsUrl: string;
}

/** Something in the user's files that says whose tokens it takes. */
interface Place {
  readonly what: string;
  readonly issuers: readonly string[];
  readonly at: SourcePosition;
  readonly logicalId: string;
}

/**
 * Finds authorizers that mean the local issuer and name it otherwise than its tokens do: by the other of its two
 * addresses, without the trailing slash, or by another name of this machine. Issuers are compared as text (D), so each
 * of these would refuse every token.
 */
export function checkIssuerNames(project: LoadedProject, names: IssuerNames): readonly Finding[] {
  const wanted = names.issuerUrl;
  const places = [
    ...project.apis.flatMap((loaded) => authorizersOf(loaded, project.userPools)),
    ...functionsOf(project),
  ];
  const agreeing = places.find(({ issuers }) => issuers.includes(wanted));
  return places.flatMap(({ what, issuers, at, logicalId }): Finding[] => {
    if (issuers.includes(wanted)) return [];
    const found = issuers.find((issuer) => isMeant(issuer, names) && !project.localIssuers.includes(issuer));
    if (found === undefined) return [];
    const other = agreeing === undefined ? `tokens of "gatewarden token" carry` : `${agreeing.what} is`;
    return [
      {
        rule: "issuer-mismatch",
        severity: "warning",
        effect: "none",
        message: `${what} is ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}: ${other} the latter, and issuers are compared as text.`,
        fix: cure(found, names),
        at,
        logicalId,
      },
    ];
  });
}

function cure(found: string, { issuerUrl, issuerHttpUrl, issuerTlsUrl }: IssuerNames): string {
  if (found !== issuerHttpUrl && found !== issuerTlsUrl) return `Write ${issuerUrl} there, trailing slash included.`;
  const scheme = found === issuerTlsUrl ? "https" : "http";
  return `Write ${issuerUrl} there, or start with --issuer-scheme ${scheme} so that all of them name ${found}.`;
}

/** Whether a URL leads to one of the two listeners. */
function isMeant(issuer: string, { issuerHttpUrl, issuerTlsUrl }: IssuerNames): boolean {
  if (!URL.canParse(issuer)) return false;
  const { hostname, port, pathname } = new URL(issuer);
  const ports = [issuerHttpUrl, issuerTlsUrl].map((url) => new URL(url).port);
  return isLoopback(hostname) && ports.includes(port) && pathname === "/";
}

function authorizersOf({ type, api }: LoadedApi, userPools: LoadedProject["userPools"]): readonly Place[] {
  const place = (name: string, issuers: readonly string[], at: SourcePosition): Place => ({
    what: `the issuer of authorizer ${name} of ${api.apiId}`,
    issuers,
    at,
    logicalId: name,
  });
  if (type === "HTTP") {
    return api.authorizers.flatMap(({ name, jwtConfiguration, at }) =>
      jwtConfiguration === undefined ? [] : place(name, [jwtConfiguration.issuer], at),
    );
  }
  return api.authorizers.flatMap((authorizer) => {
    const { name, jwtConfiguration, at } = authorizer;
    const trusted = jwtConfiguration?.issuers ?? trustedPools(authorizer, userPools);
    const issuers = trusted.map(({ issuer }) => issuer);
    return issuers.length === 0 ? [] : place(name, issuers, at);
  });
}

/** An authorizer function may take a list. */
function functionsOf({ functions }: LoadedProject): readonly Place[] {
  return functions.flatMap(({ name, environment, handlerFile, at }) =>
    environment.TOKEN_ISSUER === undefined
      ? []
      : {
          what: `TOKEN_ISSUER of function ${name}`,
          issuers: environment.TOKEN_ISSUER.split(",").map((each) => each.trim()),
          at: at ?? { file: handlerFile, line: 1, column: 1 },
          logicalId: name,
        },
  );
}
