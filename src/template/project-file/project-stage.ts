import type { SourcePosition } from "../../model/finding.ts";
import type { AccessLogSettings } from "../../model/rest-api.ts";
import type { ThrottleSettings } from "../../model/usage-plan.ts";
import { MAX_API_ID_CHARACTERS } from "../api-id.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { FieldReader } from "./field-reader.ts";
import { readThrottle } from "./throttle.ts";

export interface ProjectStage {
  readonly name?: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly accessLog?: AccessLogSettings;
  /** Of all methods or routes, and of single ones. */
  readonly throttle: readonly ProjectThrottle[];
  readonly at: SourcePosition;
}

export interface ProjectThrottle {
  /** `GET /pets` or `$default`; absent for all. */
  readonly routeKey?: string;
  readonly settings: ThrottleSettings;
  readonly at: SourcePosition;
}

/** Bounds of stage variables (D: Developer Guide, quotas for REST APIs). */
export const MAX_STAGE_VARIABLES = 100;
export const MAX_STAGE_VARIABLE_NAME = 64;
export const MAX_STAGE_VARIABLE_VALUE = 512;
/** Characters of a stage variable's value (?). */
export const STAGE_VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,]+$/;
/** Stage names: letters, digits, hyphen, underscore, at most 128 (D); `$default` is the one of HTTP APIs. */
export const STAGE_NAME = /^(?:[A-Za-z0-9_-]{1,128}|\$default)$/;

const KEYS = new Set(["name", "variables", "accessLog", "throttle"]);
const ACCESS_LOG_KEYS = new Set(["format", "destination"]);
const ROUTE_KEY = /^(?:[A-Z]+ \/\S*|\$default)$/;

/** One entry of `stages`. */
export function readProjectStage(node: SourceNode, reader: FieldReader): ProjectStage | undefined {
  if (!isApiId(node.name)) {
    const message = `The API id ${show(node.name)} is not one, wanted characters of a-z and 0-9.`;
    reader.refuse(node.keyAt(), message, "Name the API as `gatewarden dev` prints it.");
  }
  if (!reader.expectMapping(node, `the stage of ${node.name}`)) return undefined;
  reader.refuseUnknownKeys(node, KEYS, `stage of ${node.name}`);
  const name = reader.text(node.get("name"), "a stage name");
  if (name !== undefined && !STAGE_NAME.test(name)) {
    const wanted = "letters, digits, hyphen and underscore, at most 128";
    reader.refuse(node.get("name")?.at() ?? node.at(), `The stage name is ${show(name)}, wanted ${wanted}.`);
  }
  const accessLog = readAccessLog(node.get("accessLog"), reader);
  return {
    ...(name === undefined ? {} : { name }),
    variables: readVariables(node.get("variables"), reader),
    ...(accessLog === undefined ? {} : { accessLog }),
    throttle: Object.values(reader.mapping(node.get("throttle"), (each) => readStageThrottle(each, reader))),
    at: node.keyAt(),
  };
}

export function isApiId(text: string): boolean {
  return /^[a-z0-9]+$/.test(text) && text.length <= MAX_API_ID_CHARACTERS;
}

function readStageThrottle(node: SourceNode, reader: FieldReader): ProjectThrottle | undefined {
  const isForAll = node.name === "*/*";
  if (!isForAll && !ROUTE_KEY.test(node.name)) {
    const message = `The throttle's key is ${show(node.name)}, wanted */* or a method and path such as GET /pets.`;
    reader.refuse(node.keyAt(), message);
  }
  const settings = readThrottle(node, `throttle of ${node.name}`, reader);
  return settings && { ...(isForAll ? {} : { routeKey: node.name }), settings, at: node.keyAt() };
}

function readVariables(node: SourceNode | undefined, reader: FieldReader): Record<string, string> {
  const variables = reader.texts(node);
  const all = node?.entries() ?? [];
  if (node && all.length > MAX_STAGE_VARIABLES) {
    const message = `The stage has ${all.length} variables, the limit is ${MAX_STAGE_VARIABLES}.`;
    reader.refuse(node.at(), message, "Remove some.");
  }
  for (const each of all) {
    if (!/^\w+$/.test(each.name) || each.name.length > MAX_STAGE_VARIABLE_NAME) {
      const wanted = `letters, digits and _, at most ${MAX_STAGE_VARIABLE_NAME}`;
      reader.refuse(each.keyAt(), `The stage variable's name is ${show(each.name)}, wanted ${wanted}.`);
    }
    const { value } = each;
    if (typeof value !== "string" || value === "") continue;
    if (value.length > MAX_STAGE_VARIABLE_VALUE || !STAGE_VARIABLE_VALUE.test(value)) {
      const wanted = `at most ${MAX_STAGE_VARIABLE_VALUE} characters of A-Z a-z 0-9 - . _ ~ : / ? # & = ,`;
      reader.refuse(each.at(), `The stage variable ${each.name} has a value that AWS refuses, wanted ${wanted}.`);
    }
  }
  return variables;
}

function readAccessLog(node: SourceNode | undefined, reader: FieldReader): AccessLogSettings | undefined {
  if (!node || !reader.expectMapping(node, "accessLog")) return undefined;
  reader.refuseUnknownKeys(node, ACCESS_LOG_KEYS, "accessLog");
  const format = reader.text(node.get("format"), "a line of $context variables");
  const destinationNode = node.get("destination");
  const destination = destinationNode?.value === "-" ? "-" : reader.path(destinationNode, "a path or -");
  for (const key of ACCESS_LOG_KEYS) {
    if (!node.get(key)) reader.refuse(node.keyAt(), `accessLog has no ${key}.`, `Add ${key}.`);
  }
  // AWS refuses a format without a request id (D: Developer Guide, "Set up CloudWatch logging for REST APIs").
  if (format !== undefined && !/\$context\.(?:requestId|extendedRequestId)\b/.test(format)) {
    const message =
      "The access log format lacks $context.requestId and $context.extendedRequestId, wanted one of them.";
    reader.refuse(node.get("format")?.at() ?? node.at(), message, "Add $context.requestId.");
  }
  return format === undefined || destination === undefined ? undefined : { format, destination };
}
