import { ALL_METHODS_KEY, methodSettingsKey } from "../../../model/method-settings-key.ts";
import { HTTP_METHODS, type MethodSettings, type Resource, type Stage } from "../../../model/rest-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readInteger, readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { ResourceProblems, StackContext } from "../resources/stack-context.ts";
import { readRate } from "../resources/throttle-settings.ts";

/** What a method setting may say, for one method or, in a StageDescription, for all. */
export const SETTING_KEYS = [
  "CacheDataEncrypted",
  "CacheTtlInSeconds",
  "CachingEnabled",
  "DataTraceEnabled",
  "LoggingLevel",
  "MetricsEnabled",
  "ThrottlingBurstLimit",
  "ThrottlingRateLimit",
];
const METHOD_SETTING_KEYS = new Set([...SETTING_KEYS, "HttpMethod", "ResourcePath"]);
const VERBS = new Set<string>([...HTTP_METHODS, "ANY"]);

/**
 * Reads the throttles of a stage: those of its `MethodSettings`, and in a StageDescription those that stand in it
 * directly and concern all methods. A setting that says nothing of throttling leaves that of all methods in force (?).
 */
export function readMethodSettings(
  settings: SourceNode | undefined,
  resources: readonly Resource[],
  problems: ResourceProblems,
  context: StackContext,
): Stage["methodSettings"] {
  const made = new Map<string, MethodSettings>();
  const inert: SourceNode[] = [];
  if (settings) {
    const forAll = readThrottling(settings, problems, inert);
    if (forAll) made.set(ALL_METHODS_KEY, forAll);
  }
  const list = settings?.get("MethodSettings");
  if (list && !list.isList) problems.invalid(list, show(list.value), "a list");
  for (const item of list?.items() ?? []) {
    if (!item.isMapping) problems.invalid(item, show(item.value), "a mapping");
    eachUnknownKey(item, METHOD_SETTING_KEYS, (child, fix) => {
      const message = `A method setting of ${problems.logicalId} has the unknown property ${show(child.name)}.`;
      problems.add("stage-property-unknown", child, message, fix);
    });
    const throttling = readThrottling(item, problems, inert);
    const keys = keysOf(item, resources, problems, context);
    if (throttling) for (const key of keys) made.set(key, throttling);
  }
  noteCaching(inert, problems, context);
  return made.size === 0 ? undefined : Object.fromEntries(made);
}

function readThrottling(
  holder: SourceNode,
  problems: ResourceProblems,
  inert: SourceNode[],
): MethodSettings | undefined {
  const caching = holder.get("CachingEnabled");
  if (caching && readBoolean(caching, problems.invalid)) inert.push(caching);
  const burstNode = holder.get("ThrottlingBurstLimit");
  const throttlingBurstLimit = readInteger(burstNode, 0, Number.MAX_SAFE_INTEGER, problems.invalid);
  const throttlingRateLimit = readRate(holder.get("ThrottlingRateLimit"), problems);
  if (throttlingBurstLimit === undefined && throttlingRateLimit === undefined) return undefined;
  return {
    ...(throttlingBurstLimit === undefined ? {} : { throttlingBurstLimit }),
    ...(throttlingRateLimit === undefined ? {} : { throttlingRateLimit }),
  };
}

/** The methods that a setting names. */
function keysOf(
  item: SourceNode,
  resources: readonly Resource[],
  problems: ResourceProblems,
  { report }: StackContext,
): readonly string[] {
  const pathNode = item.get("ResourcePath");
  const verbNode = item.get("HttpMethod");
  // (C: aws/serverless-application-model 399) Without one, AWS refuses the stage.
  if (!pathNode) problems.missing("ResourcePath in MethodSettings", "a path such as /~1pets~1{petId}");
  if (!verbNode) problems.missing("HttpMethod in MethodSettings", "a method, or *");
  const written = readText(pathNode, problems.invalid);
  const verb = readText(verbNode, problems.invalid);
  if (!pathNode || !verbNode || written === undefined || verb === undefined) return [];
  // (C: aws-cloudformation/cfn-lint 2148) AWS takes no bare asterisk.
  if (!written.startsWith("/")) problems.invalid(pathNode, show(written), "a path that begins with /, or /*");
  if (verb !== "*" && !VERBS.has(verb)) problems.invalid(verbNode, show(verb), "a method in capitals, or *");
  // (D) /resource/subresource is written /~1resource~1subresource; plain slashes are taken, too.
  const path = written.replaceAll("~1", "/").replace(/^\/+/, "/");
  if (path === "/*" && verb === "*") return [ALL_METHODS_KEY];
  const note = (message: string, fix: string): readonly string[] => {
    const problem = { rule: "method-setting-without-method", at: item.at(), message, fix };
    report.note("warning", problem, problems.logicalId);
    return [];
  };
  if (path === "/*") {
    // (C: aws/serverless-application-model 579, 1518)
    const message = `A setting for ${verb} of all resources does nothing on AWS, and nothing here.`;
    return note(message, "Write HttpMethod: '*', or name the resources.");
  }
  const resource = resources.find((each) => each.path === path);
  const verbs = (resource?.resourceMethods ?? []).map(({ httpMethod }) => httpMethod);
  if (resource !== undefined && verb === "*") return verbs.map((each) => methodSettingsKey(path, each));
  if (verbs.some((each) => each === verb)) return [methodSettingsKey(path, verb)];
  return note(`A setting is for ${verb} ${path}, which the API does not have.`, "Name a method of the API.");
}

function noteCaching([first]: readonly SourceNode[], problems: ResourceProblems, { report }: StackContext): void {
  if (first === undefined) return;
  const message = `CachingEnabled of ${problems.logicalId} does nothing here: no answer comes from a cache.`;
  const problem = { rule: "method-settings-inert", at: first.at(), message, fix: "Test caching on AWS." };
  report.note("warning", problem, problems.logicalId);
}
