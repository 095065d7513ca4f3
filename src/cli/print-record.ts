import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { printable } from "../server/printable.ts";

type Authorization = NonNullable<DecisionRecord["authorization"]>;

const NAME_COLUMN_CHARACTERS = 16;

/** A decision record as a person reads it: what was asked, what decided, why, what to check. */
export function printRecord(record: DecisionRecord): string {
  const lines: string[] = [];
  const row = (name: string, value: unknown): void => {
    if (value === undefined || value === "") return;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    lines.push(`  ${`${name}: `.padEnd(NAME_COLUMN_CHARACTERS)}${text}`);
  };
  const { request, answer, route, authorization, integration, refusal } = record;
  lines.push(`${answer.status} ${request.method} ${request.path}`);
  if (refusal) {
    row("why", refusal.message);
    row("check", refusal.check);
    row("reason", refusal.reason);
    row("expected", refusal.expected);
    row("actual", refusal.actual);
  }
  row("request id", record.requestId);
  row("time", record.time);
  row("API", `${record.api.name} (${record.api.apiId}), stage ${record.stage}, deployment ${record.deploymentId}`);
  row("domain", record.customDomain && domainText(record.customDomain));
  row("route", route ? `${route.httpMethod} ${route.resourcePath}` : "none matched");
  row("method ARN", route?.methodArn);
  if (authorization) {
    row("authorization", [authorization.type, authorization.authorizerName].filter(Boolean).join(" "));
    row("cache", cacheText(authorization));
    row("token", authorization.token && tokenText(authorization.token));
    row("principal", authorization.principalId);
    row("caller", authorization.principalArn);
    row("access key", authorization.accessKeyId);
    row("decision", authorization.decision && decisionText(authorization));
    row("statement", authorization.statement);
    row("near misses", authorization.nearMisses);
    if (authorization.mismatch) for (const [name, text] of mismatchRows(authorization.mismatch)) row(name, text);
    for (const line of authorization.functionLogs ?? []) row("authorizer log", line);
  }
  if (integration) {
    row("integration", `${integration.type}${integration.target === undefined ? "" : ` ${integration.target}`}`);
    row(
      "backend",
      integration.status === undefined
        ? undefined
        : `${integration.status} in ${Math.round(integration.latencyMs ?? 0)} ms`,
    );
    for (const line of integration.functionLogs ?? []) row("function log", line);
  }
  row("gateway response", answer.responseType && `${answer.responseType} (${answer.errorType})`);
  row("steps", record.steps.map(({ step, ms }) => `${step} ${ms} ms`).join(", "));
  return `${lines.map(printable).join("\n")}\n`;
}

function domainText({ domainName, key }: NonNullable<DecisionRecord["customDomain"]>): string {
  return key === "" ? domainName : `${domainName}, mapping key ${key}`;
}

function cacheText(authorization: Authorization): string | undefined {
  const { cache, cachedFrom, cachedAt } = authorization;
  if (cachedFrom === undefined) return cache;
  return `${cache}, policy cached from ${cachedFrom} at ${cachedAt}`;
}

const DECIDED_BY = {
  identity: "the caller's policies",
  boundary: "the permissions boundary",
  session: "the session policies",
  resource: "the resource policy",
} as const;

function decisionText({ decision, decidedBy }: Authorization): string {
  return decidedBy === undefined ? `${decision}` : `${decision} by ${DECIDED_BY[decidedBy]}`;
}

/** Line by line, to be held against what the client says it signed. */
function mismatchRows({ canonicalRequest, stringToSign, inferred }: NonNullable<Authorization["mismatch"]>) {
  const rows = inferred.map((mistake): [string, string] => ["inferred", mistake]);
  for (const line of canonicalRequest.split("\n")) rows.push(["signed here", `| ${line}`]);
  for (const line of stringToSign.split("\n")) rows.push(["string to sign", `| ${line}`]);
  return rows;
}

function tokenText(token: NonNullable<Authorization["token"]>): string {
  return `digest ${token.digest}${token.kid === undefined ? "" : `, kid ${token.kid}`}${token.claims === undefined ? "" : `, ${JSON.stringify(token.claims)}`}`;
}
