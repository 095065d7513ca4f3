import type { FunctionPermission } from "../../../model/invoke-access.ts";
import type { LambdaFunction } from "../../../model/lambda-function.ts";
import { FUNCTION_MEMORY_MB, FUNCTION_TIMEOUT_SECONDS } from "../../project-file/project-function.ts";
import { eachUnknownKey } from "../../report.ts";
import { readInteger, readText } from "../../scalar.ts";
import { kindOf, type SourceNode, show } from "../../source-node.ts";
import { functionArn, functionNamed } from "../physical-ids.ts";
import type { StackResource } from "../stack.ts";
import { locateCode } from "./lambda-code.ts";
import { locateHandler } from "./locate-handler.ts";
import { ResourceProblems, readScalarText, type StackContext } from "./stack-context.ts";

const FUNCTION_TYPE = "AWS::Lambda::Function";

/** Lambda's own defaults (D: CreateFunction); how many environments run at once is ours. */
const DEFAULTS = { timeoutSeconds: 3, memoryMb: 128, concurrency: 10 } as const;
const NODE_RUNTIME = /^nodejs\d+\.x$/;

/**
 * Reads every AWS::Lambda::Function whose code is here. One that cannot run is a finding, and left out: its routes
 * answer 501.
 */
export function readFunctions(resources: readonly StackResource[], context: StackContext): LambdaFunction[] {
  const functions = resources.flatMap((resource) =>
    resource.type === FUNCTION_TYPE ? (readFunction(resource, context) ?? []) : [],
  );
  for (const resource of resources) if (resource.type === "AWS::Lambda::Url") noteUrl(resource, context);
  return functions;
}

function readFunction(resource: StackResource, context: StackContext): LambdaFunction | undefined {
  const { properties, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  const name = context.refOf(resource);
  const arn = functionArn(context.place, name);
  const runtime = readRuntime(properties, name, problems);
  const handlerNode = properties.get("Handler");
  const handler = readText(handlerNode, invalid);
  const isNode = runtime !== undefined;
  if (isNode && !handlerNode) problems.missing("Handler", "FILE.EXPORT, e.g. index.handler");
  const environment = readEnvironment(properties.get("Environment"), name, problems);
  const timeout = FUNCTION_TIMEOUT_SECONDS;
  const timeoutSeconds = readInteger(properties.get("Timeout"), timeout.min, timeout.max, invalid);
  const memory = FUNCTION_MEMORY_MB;
  const memoryMb = readInteger(properties.get("MemorySize"), memory.min, memory.max, invalid);
  const folder = isNode ? locateCode(resource, arn, runtime, problems, context) : undefined;
  const located = folder === undefined || handler === undefined ? undefined : locateHandler(folder, handler);
  if (located?.ok === false) {
    for (const candidate of located.candidates) context.files.add(candidate);
    const message = `Handler of ${name} is ${show(handler)}: ${located.reason}.`;
    problems.add("function-handler-missing", handlerNode, message, "Name an existing file and its export.");
  }
  noteLayers(properties.get("Layers"), resource, context);
  problems.refuse(context.report);
  if (problems.all.length > 0 || !located?.ok || runtime === undefined) return undefined;
  const { handlerFile, handlerExport } = located;
  return {
    arn,
    name,
    handlerFile,
    handlerExport,
    runtime,
    environment,
    timeoutSeconds: timeoutSeconds ?? DEFAULTS.timeoutSeconds,
    memoryMb: memoryMb ?? DEFAULTS.memoryMb,
    concurrency: DEFAULTS.concurrency,
    at,
  };
}

/** Only Node.js runs here; undefined after a problem. */
function readRuntime(properties: SourceNode, name: string, problems: ResourceProblems): string | undefined {
  const packageType = properties.get("PackageType");
  if (packageType?.value === "Image") {
    const message = `The function ${name} is a container image, which does not run here.`;
    problems.add("function-image-unsupported", packageType, message, "Run its code as a nodejs function locally.");
    return undefined;
  }
  const node = properties.get("Runtime");
  const runtime = readText(node, problems.invalid);
  if (!node) problems.missing("Runtime", "e.g. nodejs22.x");
  if (runtime === undefined || NODE_RUNTIME.test(runtime)) return runtime;
  const message = `Runtime of ${name} is ${show(runtime)}, wanted a nodejs one: no other runs here yet.`;
  problems.add("function-runtime-unsupported", node, message, "Its routes answer 501 until then.");
  return undefined;
}

/** A function never runs with a part of its environment: an authorizer might let everyone in. */
function readEnvironment(
  node: SourceNode | undefined,
  name: string,
  problems: ResourceProblems,
): Record<string, string> {
  if (node && !node.isMapping) problems.invalid(node, kindOf(node.value), "a mapping of Variables");
  const variables = node?.get("Variables");
  if (variables && !variables.isMapping) problems.invalid(variables, kindOf(variables.value), "a mapping");
  if (node?.isMapping) {
    eachUnknownKey(node, new Set(["Variables"]), (child, fix) => {
      const message = `Environment of ${name} has the unknown property ${show(child.name)}.`;
      problems.add("resource-property-invalid", child, message, fix);
    });
  }
  const entries: [string, string][] = [];
  for (const child of variables?.entries() ?? []) {
    const text = readScalarText(child, () => {
      // The value may be a secret: only its kind is told.
      const message = `The variable ${child.name} of ${name} is ${kindOf(child.value)}, wanted text: the function does not run without it.`;
      problems.add("function-environment-unresolved", child, message, "Write a value that can be resolved here.");
    });
    if (text !== undefined) entries.push([child.name, text]);
  }
  return Object.fromEntries(entries);
}

function noteLayers(node: SourceNode | undefined, { logicalId }: StackResource, { report }: StackContext): void {
  if (node === undefined || node.items().length === 0) return;
  const message = `The layers of ${logicalId} are not loaded.`;
  const fix = "Install what they hold beside the function's code.";
  report.note("warning", { rule: "function-layers-ignored", at: node.at(), message, fix }, logicalId);
}

function noteUrl({ logicalId, at }: StackResource, { report }: StackContext): void {
  const message = `${logicalId} is a function URL, which is not served.`;
  const problem = { rule: "function-url-unsupported", at, message, fix: "Call the function through an API." };
  report.note("warning", problem, logicalId);
}

const PERMISSION_KEYS = new Set([
  "Action",
  "EventSourceToken",
  "FunctionName",
  "FunctionUrlAuthType",
  "InvokedViaFunctionUrl",
  "Principal",
  "PrincipalOrgID",
  "SourceAccount",
  "SourceArn",
]);
/** Conditions that API Gateway's own calls never meet, or that are not evaluated here. */
const NARROWING_KEYS = ["EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "PrincipalOrgID"];

/** Reads every AWS::Lambda::Permission. One that is not understood grants nothing. */
export function readPermissions(resources: readonly StackResource[], context: StackContext): FunctionPermission[] {
  return resources.flatMap((resource) =>
    resource.type === "AWS::Lambda::Permission" ? (readPermission(resource, context) ?? []) : [],
  );
}

function readPermission(resource: StackResource, { place, report }: StackContext): FunctionPermission | undefined {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, PERMISSION_KEYS, (child, fix) => {
    const message = `The permission ${logicalId} has the unknown property ${show(child.name)}: it grants nothing.`;
    problems.add("permission-property-unknown", child, message, fix);
  });
  const text = (property: string): string | undefined => readText(properties.get(property), invalid);
  const required = (property: string): string | undefined => {
    if (!properties.get(property)) problems.missing(property, "text");
    return text(property);
  };
  const action = required("Action");
  const principal = required("Principal");
  const functionName = required("FunctionName");
  const named = functionName === undefined ? undefined : functionNamed(place, functionName);
  const nameNode = properties.get("FunctionName");
  if (functionName !== undefined && named === undefined && nameNode) {
    invalid(nameNode, show(functionName), "a function's name or ARN");
  }
  const sourceArn = text("SourceArn");
  const sourceAccount = readScalarText(properties.get("SourceAccount"), invalid);
  for (const problem of problems.all) report.note("warning", problem, logicalId);
  // A principal may be narrowed in ways that are not API Gateway's.
  const narrowedBy = NARROWING_KEYS.filter((key) => properties.get(key) !== undefined);
  if (problems.all.length > 0 || !action || !principal || !named) return undefined;
  return {
    functionArn: named.qualifier === undefined ? named.arn : `${named.arn}:${named.qualifier}`,
    action,
    principal,
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(sourceAccount === undefined ? {} : { sourceAccount }),
    ...(narrowedBy.length === 0 ? {} : { narrowedBy }),
    at,
  };
}
