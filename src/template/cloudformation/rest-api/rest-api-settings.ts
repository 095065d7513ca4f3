import type { RestApi } from "../../../model/rest-api.ts";
import { CUSTOM_ID_TAG } from "../../api-id.ts";
import { MAX_COMPRESSION_SIZE_BYTES } from "../../openapi/api-settings.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readInteger, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { customIdOf, isApiId } from "../physical-ids.ts";
import {
  type ResourceProblems,
  readJsonDocument,
  readTextList,
  referenced,
  type StackContext,
} from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import { holdsUnresolved } from "./holds-unresolved.ts";
import { hasDefinition } from "./rest-api-definition.ts";

const KEYS = new Set([
  "ApiKeySourceType",
  "BinaryMediaTypes",
  "Body",
  "BodyS3Location",
  "CloneFrom",
  "Description",
  "DisableExecuteApiEndpoint",
  "EndpointAccessMode",
  "EndpointConfiguration",
  "FailOnWarnings",
  "MinimumCompressionSize",
  // What an update does with the former definition; here every load is the first.
  "Mode",
  "Name",
  "Parameters",
  "Policy",
  "SecurityPolicy",
  "Tags",
  CUSTOM_ID_TAG,
]);
const ENDPOINT_KEYS = new Set(["IpAddressType", "Types", "VpcEndpointIds"]);

type Settings = Partial<
  Pick<
    RestApi,
    | "name"
    | "description"
    | "binaryMediaTypes"
    | "minimumCompressionSize"
    | "apiKeySource"
    | "disableExecuteApiEndpoint"
    | "policy"
  >
> &
  Pick<RestApi, "tags">;

/** What an AWS::ApiGateway::RestApi says of the API as a whole; what is not understood keeps it from being served. */
export function readRestApiSettings(
  resource: StackResource,
  apiId: string,
  problems: ResourceProblems,
  { report }: Pick<StackContext, "report">,
): Settings {
  const { properties, logicalId } = resource;
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The API ${logicalId} has the property ${show(child.name)}, which has no meaning for a REST API.`;
    problems.add("api-property-unknown", child, message, fix);
  });
  const customId = customIdOf(referenced(resource));
  if (customId !== undefined && !(typeof customId === "string" && isApiId(customId))) {
    const message = `${CUSTOM_ID_TAG} of ${logicalId} is ${show(customId)}, wanted 1 to 63 characters of a-z and 0-9; ${apiId} is used.`;
    problems.add("api-id-invalid", properties.get("Tags"), message, "Correct the id.");
  }
  const clone = properties.get("CloneFrom");
  if (clone) {
    const message = `${logicalId} is a clone of ${show(clone.value)}, whose methods are not known here.`;
    problems.add("api-clone-unsupported", clone, message, "Write the API out.");
  }
  refuseOtherEndpoints(properties, logicalId, problems);
  const security = properties.get("SecurityPolicy");
  if (security) {
    const message = "SecurityPolicy is not enforced: TLS versions are those of this machine.";
    const problem = { rule: "security-policy-inert", at: security.at(), message, fix: "Nothing to do here." };
    report.note("info", problem, logicalId);
  }
  const name = readText(properties.get("Name"), invalid);
  if (!properties.get("Name") && !hasDefinition(properties)) problems.missing("Name", "text");
  const description = properties.get("Description")?.value;
  const mediaTypes = readTextList(properties.get("BinaryMediaTypes"), invalid);
  const minimumCompressionSize = readInteger(
    properties.get("MinimumCompressionSize"),
    0,
    MAX_COMPRESSION_SIZE_BYTES,
    invalid,
  );
  const apiKeySource = readWord(properties.get("ApiKeySourceType"), ["HEADER", "AUTHORIZER"], invalid);
  const isDisabled = readBoolean(properties.get("DisableExecuteApiEndpoint"), invalid);
  const policy = readPolicy(properties, problems);
  return {
    ...(name === undefined ? {} : { name }),
    ...(typeof description === "string" ? { description } : {}),
    // (D) Slashes are escaped with ~1, as in a JSON pointer.
    ...(mediaTypes && { binaryMediaTypes: mediaTypes.map((each) => each.replaceAll("~1", "/").replaceAll("~0", "~")) }),
    ...(minimumCompressionSize === undefined ? {} : { minimumCompressionSize }),
    ...(apiKeySource === undefined ? {} : { apiKeySource }),
    ...(isDisabled === undefined ? {} : { disableExecuteApiEndpoint: isDisabled }),
    ...(policy === undefined ? {} : { policy }),
    tags: readTags(properties.get("Tags")),
  };
}

/** A mapping or the text of one. Empty text is no policy: it is how tools remove one (C). */
function readPolicy(properties: SourceNode, problems: ResourceProblems): unknown {
  const node = properties.get("Policy");
  if (node === undefined || node.value === "") return undefined;
  if (holdsUnresolved(node.value)) {
    problems.invalid(node, "a document with a function that cannot be resolved", "a policy document");
  }
  const inBody = properties.get("Body")?.get("x-amazon-apigateway-policy");
  if (inBody) {
    const message = "The API has a policy here and another in its Body, wanted one of them.";
    problems.add("api-policy-twice", node, message, "Remove one.");
  }
  return readJsonDocument(node, problems.invalid);
}

function refuseOtherEndpoints(properties: SourceNode, logicalId: string, problems: ResourceProblems): void {
  const node = properties.get("EndpointConfiguration");
  if (node && !node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  if (node) {
    eachUnknownKey(node, ENDPOINT_KEYS, (child, fix) => {
      const message = `EndpointConfiguration of ${logicalId} has the unknown property ${show(child.name)}.`;
      problems.add("api-property-unknown", child, message, fix);
    });
  }
  const types = node?.get("Types");
  for (const text of readTextList(types, problems.invalid) ?? []) {
    if (types && !/^(?:REGIONAL|EDGE|PRIVATE)$/.test(text)) problems.invalid(types, show(text), "REGIONAL or EDGE");
  }
  const vpc = node?.get("VpcEndpointIds");
  const isPrivate = (types?.items() ?? []).some((item) => item.value === "PRIVATE");
  if (isPrivate || (vpc && !(vpc.isList && vpc.items().length === 0))) {
    const message = `${logicalId} is private to VPC endpoints, which are not supported: everybody could reach it here.`;
    problems.add("endpoint-private-unsupported", vpc ?? types, message, "Make it REGIONAL for use outside AWS.");
  }
  const mode = properties.get("EndpointAccessMode");
  if (mode && mode.value !== "BASIC") {
    const message = `EndpointAccessMode of ${logicalId} is ${show(mode.value)}, and only BASIC is supported.`;
    problems.add("endpoint-access-mode-unsupported", mode, message, "Write BASIC for use outside AWS.");
  }
}

function readTags(node: SourceNode | undefined): Record<string, string> {
  const pairs = (node?.items() ?? []).map((item) => [item.get("Key")?.value, item.get("Value")?.value]);
  return Object.fromEntries(pairs.filter((pair) => pair.every((each) => typeof each === "string")));
}
