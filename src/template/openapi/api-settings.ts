import type { RestApi } from "../../model/rest-api.ts";
import { eachUnknownKey } from "../report.ts";
import { type OnInvalid, readBoolean, readInteger, readText, readWord } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import { eachUnknownField } from "./extensions.ts";
import type { LoadContext } from "./load-context.ts";

type ApiSettings = Pick<
  RestApi,
  | "name"
  | "description"
  | "version"
  | "binaryMediaTypes"
  | "minimumCompressionSize"
  | "apiKeySource"
  | "disableExecuteApiEndpoint"
  | "policy"
  | "tags"
>;

/** AWS's own bounds: "must be between 0 and 10485760" (R). */
export const MAX_COMPRESSION_SIZE_BYTES = 10_485_760;

const ENDPOINT_KEYS = new Set(["types", "vpcEndpointIds", "disableExecuteApiEndpoint", "ipAddressType"]);

/** Everything the root of the document says about the API as a whole. What is not understood keeps it from being served. */
export function readApiSettings(context: LoadContext): ApiSettings {
  const { root, report, apiId } = context;
  const refuse = (rule: string, node: SourceNode, message: string, fix: string): void => {
    report.refuseApi({ rule, at: node.at(), message, fix }, apiId);
  };
  const invalid: OnInvalid = (node, found, wanted) =>
    refuse("api-setting-invalid", node, `${node.name} is ${found}, wanted ${wanted}.`, "Correct the value.");
  eachUnknownField(root, "root", (problem) => report.refuseApi(problem, apiId));
  for (const tag of root.get("tags")?.items() ?? []) {
    eachUnknownField(tag, "tag", (problem) => report.refuseApi(problem, apiId));
  }
  const components = root.get("components");
  if (components) eachUnknownField(components, "components", (problem) => report.refuseApi(problem, apiId));
  noteForeignExtensions(context);

  const info = root.get("info");
  const name = readText(info?.get("title"), invalid);
  if (!info?.get("title")) refuse("openapi-shape", info ?? root, "info.title is missing: it names the API.", "Add it.");
  const description = info?.get("description")?.value;
  const version = info?.get("version")?.value;
  const compression = root.get("x-amazon-apigateway-minimum-compression-size");
  const minimumCompressionSize =
    compression?.value === null ? undefined : readInteger(compression, 0, MAX_COMPRESSION_SIZE_BYTES, invalid);
  const policy = readPolicy(root.get("x-amazon-apigateway-policy"), invalid);
  return {
    name: name ?? apiId,
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof version === "string" || typeof version === "number" ? { version: String(version) } : {}),
    binaryMediaTypes: readMediaTypes(root.get("x-amazon-apigateway-binary-media-types"), invalid),
    ...(minimumCompressionSize === undefined ? {} : { minimumCompressionSize }),
    apiKeySource:
      readWord(root.get("x-amazon-apigateway-api-key-source"), ["HEADER", "AUTHORIZER"], invalid) ?? "HEADER",
    disableExecuteApiEndpoint: readEndpoint(context, invalid, refuse),
    ...(policy === undefined ? {} : { policy }),
    tags: readTags(root.get("tags")),
  };
}

function readMediaTypes(node: SourceNode | undefined, invalid: OnInvalid): string[] {
  if (!node || node.value === null) return [];
  if (!node.isList) invalid(node, show(node.value), "a list");
  return node.items().flatMap((item) => readText(item, invalid) ?? []);
}

/** A mapping, or the JSON text of one. */
function readPolicy(node: SourceNode | undefined, invalid: OnInvalid): unknown {
  if (!node) return undefined;
  if (node.isMapping) return node.value;
  if (typeof node.value === "string") {
    try {
      const parsed: unknown = JSON.parse(node.value);
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
    } catch {
      // Said below.
    }
  }
  invalid(node, show(node.value), "a policy document");
  return undefined;
}

function readTags(node: SourceNode | undefined): Record<string, string> {
  const entries: [string, string][] = [];
  for (const tag of node?.items() ?? []) {
    const name = tag.get("name")?.value;
    const value = tag.get("x-amazon-apigateway-tag-value")?.value;
    if (typeof name === "string" && typeof value === "string") entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

/** In OpenAPI 3 the endpoint configuration may also stand in the first server (D). */
function readEndpoint(
  { root }: LoadContext,
  invalid: OnInvalid,
  refuse: (rule: string, node: SourceNode, message: string, fix: string) => void,
): boolean {
  const key = "x-amazon-apigateway-endpoint-configuration";
  let isDisabled = false;
  for (const node of [root.get(key), root.get("servers")?.get(0)?.get(key)]) {
    if (!node) continue;
    if (!node.isMapping) invalid(node, show(node.value), "a mapping");
    eachUnknownKey(node, ENDPOINT_KEYS, (child, fix) => {
      const message = `${key} has the unknown property ${show(child.name)}.`;
      refuse("api-setting-invalid", child, message, fix);
    });
    if (readBoolean(node.get("disableExecuteApiEndpoint"), invalid)) isDisabled = true;
    const vpc = node.get("vpcEndpointIds");
    const isPrivate = (node.get("types")?.items() ?? []).some((item) => item.value === "PRIVATE");
    if (isPrivate || (vpc && vpc.value !== null && vpc.items().length > 0)) {
      const message = "The API is private to VPC endpoints, which are not supported: everybody could reach it here.";
      refuse("endpoint-private-unsupported", vpc ?? node, message, "Make it REGIONAL for use outside AWS.");
    }
  }
  return isDisabled;
}

function noteForeignExtensions({ root, report, apiId }: LoadContext): void {
  for (const key of ["x-amazon-apigateway-cors", "x-amazon-apigateway-importexport-version"]) {
    const node = root.get(key);
    if (!node) continue;
    const message = `${key} has no effect on a REST API: only HTTP APIs know it.`;
    const fix = key.endsWith("cors") ? "Write OPTIONS methods and the headers of gateway responses." : "Remove it.";
    const severity = key.endsWith("cors") ? "warning" : "info";
    report.note(severity, { rule: "http-api-only", at: node.keyAt(), message, fix });
  }
  const integrations = root.get("components")?.get("x-amazon-apigateway-integrations");
  if (integrations) {
    const message = "x-amazon-apigateway-integrations has no effect on a REST API: only HTTP APIs know it.";
    const fix = "Write the integrations out in the operations.";
    report.note("info", { rule: "http-api-only", at: integrations.keyAt(), message, fix });
  }
  const mode = root.get("x-amazon-apigateway-endpoint-access-mode");
  if (mode && mode.value !== "BASIC") {
    const message = `x-amazon-apigateway-endpoint-access-mode is ${show(mode.value)}, and only BASIC is supported.`;
    const problem = { rule: "endpoint-access-mode-unsupported", at: mode.at(), message };
    report.refuseApi({ ...problem, fix: "Write BASIC for use outside AWS." }, apiId);
  }
  const security = root.get("x-amazon-apigateway-security-policy");
  if (security) {
    const message = "x-amazon-apigateway-security-policy is not enforced: TLS versions are those of this machine.";
    report.note("info", { rule: "security-policy-inert", at: security.keyAt(), message, fix: "Nothing to do here." });
  }
}
