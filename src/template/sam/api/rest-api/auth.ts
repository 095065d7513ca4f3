import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping, show } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import type { Made } from "../../sam-template.ts";
import { putAuthorizerPermission } from "../authorizer-function.ts";
import type { Subject } from "../subject.ts";
import { iamAuthorizer, type RestAuthorizer, readRestAuthorizers } from "./authorizer.ts";
import { asOpenApi3, isRestDefinition, RestDefinition } from "./definition.ts";
import { addCustomStatements, addResourcePolicy } from "./resource-policy.ts";
import { addApiKeyScheme, addAuthorizers, requireApiKey, setDefaultAuthorizer } from "./security.ts";

const PROPERTIES = [
  "Authorizers",
  "DefaultAuthorizer",
  "InvokeRole",
  "AddDefaultAuthorizerToCorsPreflight",
  "AddApiKeyRequiredToCorsPreflight",
  "ApiKeyRequired",
  "ResourcePolicy",
  "UsagePlan",
];

/** The `Auth` of AWS::Serverless::Api; undefined when it has none. */
export function readAuth(subject: Subject, properties: Made): Made | undefined {
  const auth = properties.Auth;
  if (!isTruthy(auth)) return undefined;
  const where = [properties, "Auth"] as const;
  if (!isTruthy(properties.DefinitionBody)) {
    throw subject.refusal("Auth works only with inline Swagger specified in 'DefinitionBody' property.", where);
  }
  if (!isMapping(auth)) throw subject.refusal("Property 'Auth' should be a map.", where);
  const unknown = Object.keys(auth).find((key) => !PROPERTIES.includes(key));
  if (unknown !== undefined) {
    throw subject.refusal("Invalid value for 'Auth' property", [auth, unknown], `Remove ${unknown}.`);
  }
  return auth;
}

/** Writes the API's `Auth` into its definition: what every method is guarded by unless its event says otherwise. */
export function addAuth(subject: Subject, properties: Made, auth: Made): void {
  const body = properties.DefinitionBody;
  if (!isRestDefinition(body)) {
    throw subject.refusal(
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
      [properties, "Auth"],
    );
  }
  const definition = new RestDefinition(subject, body);
  addDefaultAuthorizer(definition, auth);
  if (isTruthy(auth.ApiKeyRequired)) {
    const at = subject.place([auth, "ApiKeyRequired"]);
    addApiKeyScheme(definition, at);
    const onPreflight = auth.AddApiKeyRequiredToCorsPreflight ?? true;
    for (const path of definition.names()) requireApiKey(definition, path, onPreflight, at);
  }
  const policy = auth.ResourcePolicy;
  if (isTruthy(policy)) {
    if (!isMapping(policy)) {
      throw subject.structureRefusal("ResourcePolicy must be a map (ResourcePolicyStatement).", [
        auth,
        "ResourcePolicy",
      ]);
    }
    for (const path of definition.names()) addResourcePolicy(definition, policy, path, properties.StageName);
    if (isTruthy(policy.CustomStatements)) addCustomStatements(definition, policy);
  }
  asOpenApi3(subject, body, member(properties, "OpenApiVersion"));
}

function addDefaultAuthorizer(definition: RestDefinition, auth: Made): void {
  const { subject } = definition;
  const name = auth.DefaultAuthorizer;
  const at = subject.place([auth, "DefaultAuthorizer"]);
  const named = readRestAuthorizers(subject, auth);
  if (name !== undefined && name !== "AWS_IAM" && (named.length === 0 || !isTruthy(name)))
    noteIgnored(subject, name, at);
  const authorizers = name === "AWS_IAM" ? [iamAuthorizer(at), ...named.filter((each) => each.name !== name)] : named;
  if (authorizers.length === 0) return;
  addAuthorizers(definition, withOwnIam(authorizers, named));
  if (!isTruthy(name)) return;
  const where = [auth, "DefaultAuthorizer"] as const;
  if (typeof name !== "string") throw subject.refusal("DefaultAuthorizer is not a string.", where);
  if (!authorizers.some((each) => each.name === name)) {
    throw subject.refusal(
      `Unable to set DefaultAuthorizer because '${name}' was not defined in 'Authorizers'.`,
      where,
      `Name one of ${authorizers.map((each) => each.name).join(", ")}.`,
    );
  }
  const coversPreflight = isTruthy(auth.AddDefaultAuthorizerToCorsPreflight ?? true);
  for (const path of definition.names()) {
    setDefaultAuthorizer(definition, path, { name, authorizers, coversPreflight, at });
  }
}

/** SAM takes a default that names no authorizer for none, so AWS serves what its author thinks is guarded (C). */
function noteIgnored({ sam, logicalId }: Subject, name: unknown, at: SourcePosition): void {
  const message = `DefaultAuthorizer of ${logicalId} is ${show(name)}, and names none of its authorizers: SAM ignores it, and its methods are open, on AWS too.`;
  const fix = "Define the authorizer under Auth.Authorizers, or remove DefaultAuthorizer.";
  sam.report.note("warning", { rule: "sam-default-authorizer-ignored", at, message, fix }, logicalId);
}

/** An authorizer of the user's that is called AWS_IAM takes the place of the built-in one (C). */
function withOwnIam(authorizers: readonly RestAuthorizer[], named: readonly RestAuthorizer[]): RestAuthorizer[] {
  return authorizers.map((each) => named.find(({ name }) => name === each.name) ?? each);
}

/** Lets API Gateway call the authorizers' functions, unless the user sees to that. */
export function putAuthorizerPermissions(subject: Subject, auth: Made, attributes: Made): void {
  for (const { name, config, at } of readRestAuthorizers(subject, auth)) {
    const functionArn = config.FunctionArn;
    if (!isTruthy(functionArn) || isTruthy(config.DisableFunctionDefaultPermissions)) continue;
    const { partition } = subject.sam.place;
    putAuthorizerPermission(subject, { name, functionArn, partition, attributes, at });
  }
}
