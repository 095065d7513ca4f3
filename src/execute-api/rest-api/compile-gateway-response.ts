import type { Finding } from "../../model/finding.ts";
import type { GatewayResponse, GatewayResponseType, RestApi } from "../../model/rest-api.ts";
import { compileGatewayResponseTemplate, contextText, lookupContext } from "../mapping/context-variables.ts";
import { apiPosition } from "./api-position.ts";
import type { CompiledGatewayResponse, GatewayResponseValues } from "./gateway-response.ts";

/** What un-customised types use, and what a customised one without templates gets (R). */
const DEFAULT_TEMPLATE = '{"message":$context.error.messageString}';

const TARGET = /^gatewayresponse\.(header|path|querystring)\.([!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/;
const SOURCE =
  /^(?:'([^']*)'|method\.request\.(header|querystring|path)\.([A-Za-z0-9._$-]+)|context\.([A-Za-z0-9._-]+)|stageVariables\.([A-Za-z0-9_]+))$/;

/**
 * Compiles an API's customised gateway responses. A mapping that is not understood makes a finding and is left out: it
 * adds a header to a refusal and decides no access. conformance/rest-api/gateway-responses
 */
export function compileGatewayResponses(api: RestApi): {
  readonly compiled: ReadonlyMap<GatewayResponseType, CompiledGatewayResponse>;
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const compiled = new Map(
    api.gatewayResponses.map((response) => [response.responseType, compileOne(response, api, findings)] as const),
  );
  return { compiled, findings };
}

function compileOne(response: GatewayResponse, api: RestApi, findings: Finding[]): CompiledGatewayResponse {
  const headers = Object.entries(response.responseParameters).flatMap(([target, source]) => {
    const name = TARGET.exec(target);
    const value = compileSource(source);
    if (name === null || value === undefined) {
      findings.push({
        rule: "gateway-response-mapping-invalid",
        severity: "error",
        effect: "none",
        message: `${response.responseType} maps ${JSON.stringify(target)} to ${JSON.stringify(source)}, wanted gatewayresponse.header.NAME and 'text', method.request.…, context.… or stageVariables.…; the header is not sent.`,
        fix: "Correct the mapping; literal text needs single quotes inside.",
        at: apiPosition(api),
      });
      return [];
    }
    // Only headers have an effect on an answer.
    return name[1] === "header" ? [{ name: name[2] as string, value }] : [];
  });
  const given = Object.entries(response.responseTemplates);
  const templates = (given.length > 0 ? given : [["application/json", DEFAULT_TEMPLATE] as const]).map(
    ([contentType, text]) => {
      const render = compileGatewayResponseTemplate(text);
      return {
        contentType,
        render: (values: GatewayResponseValues) =>
          render({ ...values, parameter: (location, name) => parameterOf(values, location, name) }),
      };
    },
  );
  return {
    ...(response.statusCode !== undefined && { status: Number(response.statusCode) }),
    headers,
    templates,
  };
}

/** A mapping whose source is absent emits no header (?). */
function compileSource(source: string): ((values: GatewayResponseValues) => string | undefined) | undefined {
  const match = SOURCE.exec(source);
  if (match === null) return undefined;
  const [, literal, location, parameter, variable, stageVariable] = match;
  if (literal !== undefined) return () => literal;
  if (location !== undefined && parameter !== undefined)
    return (values) => parameterOf(values, location as "header" | "querystring" | "path", parameter);
  if (variable !== undefined) return (values) => contextText(lookupContext(values.context, variable));
  return (values) =>
    stageVariable !== undefined && Object.hasOwn(values.stageVariables, stageVariable)
      ? values.stageVariables[stageVariable]
      : undefined;
}

/** Header and query names are case-sensitive in mappings (D). */
function parameterOf(
  { request, pathParameters }: GatewayResponseValues,
  location: "header" | "querystring" | "path",
  name: string,
): string | undefined {
  if (location === "header") return request.headers.toSingleValues()[name];
  if (location === "querystring") return request.query.get(name)?.at(-1);
  return Object.hasOwn(pathParameters, name) ? pathParameters[name] : undefined;
}
