import { timingSafeEqual } from "node:crypto";
import type { DecisionRing } from "../execute-api/decision-record.ts";
import { HeaderFields } from "../execute-api/header-fields.ts";
import type { Answer, IncomingRequest } from "../execute-api/transport.ts";
import { isLoopback } from "../token/loopback.ts";
import { decodeComponent } from "./decode-component.ts";
import type { IssuerEventRing } from "./issuer/events.ts";
import { answerUsage } from "./usage-plans/answer-usage.ts";
import type { ProjectLimits } from "./usage-plans/project-limits.ts";

export interface OwnInterfaceOptions {
  readonly records: DecisionRing;
  readonly issuerEvents: IssuerEventRing;
  readonly usagePlans: Pick<ProjectLimits, "report">;
  readonly projectToken: string;
  readonly metrics: () => string;
}

/**
 * `/_gatewarden/*`: health, decision records, the issuer's events, usage plans, metrics. Web pages are hostile: a foreign Host (DNS rebinding), an Origin
 * or a cross-site fetch is refused, and no CORS header is ever sent. Records and usage need the project token.
 */
export function answerOwnInterface(incoming: IncomingRequest, options: OwnInterfaceOptions): Answer | Promise<Answer> {
  const headers = new HeaderFields(incoming.headers);
  const refused = refuseForeign(headers);
  if (refused !== undefined) return refused;
  const path = incoming.target.split("?", 1)[0] ?? "";
  if (path === "/_gatewarden/health") return onlyGet(incoming) ?? json(200, { status: "ok" });
  if (path === "/_gatewarden/metrics") {
    return (
      onlyGet(incoming) ?? {
        status: 200,
        headers: ["Content-Type", "text/plain; version=0.0.4; charset=utf-8", "Cache-Control", "no-store"],
        body: options.metrics(),
      }
    );
  }
  if (path === "/_gatewarden/issuer/events") {
    return refuseReader(incoming, headers, options) ?? json(200, { events: options.issuerEvents.list() });
  }
  if (path === "/_gatewarden/requests" || path.startsWith("/_gatewarden/requests/")) {
    const refusedReader = refuseReader(incoming, headers, options);
    if (refusedReader !== undefined) return refusedReader;
    const requestId = decodeComponent(path.slice("/_gatewarden/requests/".length));
    if (requestId === "") return json(200, { requests: options.records.list() });
    const record = options.records.get(requestId);
    return record === undefined
      ? json(404, { message: `No record of request ${requestId}; the last ones are kept only.` })
      : json(200, record);
  }
  if (path === "/_gatewarden/usage" || path.startsWith("/_gatewarden/usage/")) {
    const refusedReader = refuseReader(incoming, headers, options);
    if (refusedReader !== undefined) return refusedReader;
    return answerUsage(incoming.target, options.usagePlans, Date.now()).then(({ status, body }) => json(status, body));
  }
  return json(404, {
    message:
      "Served here: /_gatewarden/health, /_gatewarden/requests, /_gatewarden/requests/{requestId}, /_gatewarden/issuer/events, /_gatewarden/usage, /_gatewarden/usage/{planId}, /_gatewarden/metrics.",
  });
}

/** What tells of requests is for whoever can read the project's token. */
function refuseReader(
  incoming: IncomingRequest,
  headers: HeaderFields,
  options: OwnInterfaceOptions,
): Answer | undefined {
  if (hasProjectToken(headers, options.projectToken)) return onlyGet(incoming);
  return json(401, {
    message: 'The project token is needed: Authorization: Bearer with the content of the data folder\'s file "token".',
  });
}

/** The rules for everything that is not an API: a loopback Host only, nothing from another origin. */
export function refuseForeign(headers: HeaderFields): Answer | undefined {
  const hostname = (headers.last("host") ?? "").replace(/:\d+$/, "");
  if (!isLoopback(hostname)) {
    return json(403, { message: `Host ${JSON.stringify(hostname.slice(0, 100))} is not served here.` });
  }
  if (headers.has("origin")) return json(403, { message: "Requests from web pages are not served here." });
  const site = headers.last("sec-fetch-site");
  if (site !== undefined && site !== "none" && site !== "same-origin") {
    return json(403, { message: "Requests from web pages are not served here." });
  }
  return undefined;
}

function onlyGet(incoming: IncomingRequest): Answer | undefined {
  if (incoming.method === "GET" || incoming.method === "HEAD") return undefined;
  return {
    ...json(405, { message: `${incoming.method} is not served here; GET is.` }),
    headers: ["Content-Type", "application/json", "Allow", "GET, HEAD"],
  };
}

function hasProjectToken(headers: HeaderFields, projectToken: string): boolean {
  const sent = Buffer.from(/^Bearer +(.*)$/i.exec(headers.last("authorization") ?? "")?.[1] ?? "");
  const wanted = Buffer.from(projectToken);
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}

function json(status: number, body: unknown): Answer {
  return {
    status,
    headers: ["Content-Type", "application/json", "Cache-Control", "no-store"],
    body: JSON.stringify(body),
  };
}
