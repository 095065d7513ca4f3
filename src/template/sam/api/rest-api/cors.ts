import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isIntrinsic, isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { ANY_METHOD, INTEGRATION } from "../definition-paths.ts";
import type { Subject } from "../subject.ts";
import { isRestDefinition, RestDefinition } from "./definition.ts";

const PROPERTIES = ["AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"];
const ALL_METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];
const EVERY_ORIGIN = "'*'";

interface Cors {
  readonly origin: unknown;
  readonly headers: unknown;
  readonly methods: unknown;
  readonly maxAge: unknown;
  readonly allowsCredentials: boolean;
}

/** Gives every path an OPTIONS method that answers preflights, as `Cors` of AWS::Serverless::Api wants it. */
export function addCors(subject: Subject, properties: Made): void {
  const value = properties.Cors;
  if (!isTruthy(value)) return;
  const where = [properties, "Cors"] as const;
  const body = properties.DefinitionBody;
  if (!isTruthy(body)) {
    throw subject.refusal("Cors works only with inline Swagger specified in 'DefinitionBody' property.", where);
  }
  const cors = readCors(subject, properties, value);
  if (!isRestDefinition(body)) {
    throw subject.refusal(
      "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
      where,
    );
  }
  if (cors.allowsCredentials && cors.origin === EVERY_ORIGIN) {
    throw subject.refusal(
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set",
      isMapping(value) ? [value, "AllowCredentials"] : where,
      "Name the origin, in two kinds of quotes: \"'https://app.example'\".",
    );
  }
  const definition = new RestDefinition(subject, body);
  const done = new Set<string>();
  for (const path of definition.names()) {
    // API Gateway takes /path and /path/ for one resource (C).
    const resource = path === "/" ? path : path.replace(/\/+$/, "");
    if (!done.has(resource)) addOptions(definition, path, cors, subject.place(where));
    done.add(resource);
  }
}

function readCors(subject: Subject, properties: Made, value: unknown): Cors {
  const none = { headers: undefined, methods: undefined, maxAge: undefined, allowsCredentials: false };
  if (typeof value === "string" || isIntrinsic(value)) return { ...none, origin: value };
  if (!isMapping(value)) throw subject.refusal("Invalid value for 'Cors' property", [properties, "Cors"]);
  for (const key of Object.keys(value)) {
    if (!PROPERTIES.includes(key)) throw subject.refusal(`Invalid key '${key}' for 'Cors' property.`, [value, key]);
  }
  return {
    origin: Object.hasOwn(value, "AllowOrigin") ? value.AllowOrigin : EVERY_ORIGIN,
    headers: value.AllowHeaders,
    methods: value.AllowMethods,
    maxAge: member(value, "MaxAge"),
    allowsCredentials: value.AllowCredentials === true,
  };
}

function addOptions(definition: RestDefinition, path: string, cors: Cors, at: SourcePosition): void {
  let { methods } = cors;
  for (const item of definition.items(path)) {
    if (Object.hasOwn(item, "options")) continue;
    if (!isTruthy(cors.origin)) {
      throw definition.subject.refusal(
        "Structure of the SAM template is invalid. Invalid input. Value for AllowedOrigins is required",
        undefined,
        "Give AllowOrigin.",
      );
    }
    if (!isTruthy(methods)) methods = `'${methodsOf(item).join(",")}'`;
    definition.setMethod(item, "options", optionsMethod({ ...cors, methods }), at);
  }
}

/** Every key of the path item counts, `parameters` too (C). */
function methodsOf(item: Made): string[] {
  const keys = Object.keys(item);
  const methods = keys.includes(ANY_METHOD) ? ALL_METHODS : [...keys, "options"];
  return [...new Set(methods.map((method) => method.toUpperCase()))].sort();
}

function optionsMethod({ origin, headers, methods, maxAge, allowsCredentials }: Cors): Made {
  const responseParameters = mapping({});
  const responseHeaders = mapping({});
  const add = (name: string, value: unknown, type: string): void => {
    responseParameters[`method.response.header.Access-Control-${name}`] = value;
    responseHeaders[`Access-Control-${name}`] = mapping({ type });
  };
  add("Allow-Origin", origin, "string");
  if (isTruthy(headers)) add("Allow-Headers", headers, "string");
  add("Allow-Methods", methods, "string");
  if (maxAge !== undefined) add("Max-Age", maxAge, "integer");
  if (allowsCredentials) add("Allow-Credentials", "'true'", "string");
  const json = "application/json";
  return mapping({
    summary: "CORS support",
    consumes: [json],
    produces: [json],
    [INTEGRATION]: mapping({
      type: "mock",
      requestTemplates: mapping({ [json]: '{\n  "statusCode" : 200\n}\n' }),
      responses: mapping({
        default: mapping({ statusCode: "200", responseParameters, responseTemplates: mapping({ [json]: "{}\n" }) }),
      }),
    }),
    responses: mapping({
      "200": mapping({ description: "Default response for CORS method", headers: responseHeaders }),
    }),
  });
}
