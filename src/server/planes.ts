import type { ExecuteApi } from "../execute-api/execute-api.ts";
import { HeaderFields } from "../execute-api/header-fields.ts";
import type { Answer, IncomingRequest } from "../execute-api/transport.ts";
import type { CustomDomain } from "../model/custom-domain.ts";
import { hostnameOf, readAddress } from "./address.ts";
import { answerManagement } from "./management-plane.ts";
import { answerOwnInterface, type OwnInterfaceOptions, refuseForeign } from "./own-interface.ts";

export interface PlanesOptions {
  /** Host names under which a single API is also reached: name → API id. */
  readonly allowedHosts: ReadonlyMap<string, string>;
  /** The data plane listens for a network, and everything else elsewhere. */
  readonly isPublic: boolean;
  /** A developer's own machine. */
  readonly isDevelopers: boolean;
  readonly own: OwnInterfaceOptions;
}

type Handler = (incoming: IncomingRequest) => Promise<Answer> | Answer;

/**
 * Who answers a request, by its Host and path: an API or a custom domain every path of it; then, unless the listener is
 * public, the own interface and management.
 */
export function createPlanes(
  executeApi: ExecuteApi,
  { allowedHosts, isPublic, isDevelopers, own }: PlanesOptions,
): { readonly answerDataPlane: Handler; readonly answerAdmin: Handler } {
  const served = (): readonly string[] | undefined =>
    isPublic ? undefined : [...new Set([...executeApi.deployments()].map((each) => each.apiId))];
  const answerApi = (incoming: IncomingRequest): Promise<Answer> | Answer | undefined => {
    const host = hostOf(incoming);
    const custom = allowedHosts.size === 0 ? undefined : allowedHosts.get(hostnameOf(host));
    if (custom !== undefined) {
      return executeApi.answer(custom, incoming.target, incoming, "custom") ?? unknownApi(custom, served());
    }
    const domain = executeApi.domains.length === 0 ? undefined : executeApi.domainOf(hostnameOf(host));
    // It takes every path: nothing but what it maps is reached by its name, neither path forms nor management.
    if (domain !== undefined) return executeApi.answerDomain(domain, incoming) ?? unknownTarget(domain.domain);
    const address = readAddress(host, incoming.target);
    if (address.plane !== "execute-api") return undefined;
    // A path form is no address of AWS's: a developer's way around custom domains, and nobody else's.
    const endpoint = address.form === "path" && isDevelopers ? "custom" : "default";
    return (
      executeApi.answer(address.apiId, address.target, incoming, endpoint, address.form) ??
      unknownApi(address.apiId, served())
    );
  };
  const answerAdmin = (incoming: IncomingRequest): Answer | Promise<Answer> => {
    const address = readAddress(hostOf(incoming), incoming.target);
    if (address.plane === "own") return answerOwnInterface(incoming, own);
    const headers = new HeaderFields(incoming.headers);
    return refuseForeign(headers) ?? answerManagement(incoming, headers);
  };
  return {
    answerDataPlane: (incoming) => answerApi(incoming) ?? (isPublic ? nothingHere() : answerAdmin(incoming)),
    answerAdmin,
  };
}

function hostOf(incoming: IncomingRequest): string | undefined {
  const { headers } = incoming;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") return headers[at + 1];
  }
  return undefined;
}

/** Ours, not AWS's: there the name would not resolve. What else is served is told on this machine only. */
function unknownApi(apiId: string, known: readonly string[] | undefined): Answer {
  return {
    status: 404,
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify({
      message: `No API ${JSON.stringify(apiId.slice(0, 64))} is served here.`,
      ...(known && { apis: known }),
    }),
  };
}

/** Ours, not AWS's: there what is mapped exists. */
function unknownTarget({ domainName }: CustomDomain): Answer {
  return {
    status: 404,
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify({ message: `The API that ${domainName} maps this path to is not served here.` }),
  };
}

function nothingHere(): Answer {
  return {
    status: 404,
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify({
      message:
        "APIs are served here by Host {apiId}.execute-api.{region}.amazonaws.com or path /_aws/execute-api/{apiId}/{stage}/…",
    }),
  };
}
