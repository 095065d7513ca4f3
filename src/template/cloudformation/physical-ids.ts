import { createHash } from "node:crypto";
import { lambdaFunctionArnOf, parseArn } from "../../aws/arn.ts";
import { apiIdFromName, CUSTOM_ID_TAG, MAX_API_ID_CHARACTERS } from "../api-id.ts";
import type { ReferencedResource, StackPlace } from "./stack.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
/** Ids of integrations have 7 characters (R); routes and authorizers 6 to 7 (?). */
const ID_CHARACTERS = 7;
/** An API's own id, where neither tag nor logical id gives one (R: 10 characters). */
const API_ID_CHARACTERS = 10;

/** An id shaped like AWS's, the same at every load: made of the stack's name and the resource's type and logical id. */
export function stableId(
  place: StackPlace,
  resource: Pick<ReferencedResource, "logicalId" | "type">,
  characters: number = ID_CHARACTERS,
): string {
  const digest = createHash("sha256").update(`${place.stackName}\n${resource.type}\n${resource.logicalId}`).digest();
  let id = "";
  for (const byte of digest.subarray(0, characters)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}

/**
 * The id an API is served under: its tag or property `_custom_id_` (Tags may be a mapping or a list of Key and Value),
 * else the logical id in lower case, `[a-z0-9]` only, at most 63 characters.
 */
export function apiIdOf(place: StackPlace, resource: ReferencedResource): string {
  const custom = customIdOf(resource);
  if (typeof custom === "string" && isApiId(custom)) return custom;
  const fromName = apiIdFromName(resource.logicalId);
  return fromName === "" ? stableId(place, resource, API_ID_CHARACTERS) : fromName;
}

/** What the user wrote as `_custom_id_`, whether usable or not; undefined when absent. */
export function customIdOf(resource: ReferencedResource): unknown {
  const tags = resource.property("Tags");
  let tag: unknown;
  if (Array.isArray(tags)) tag = tags.find((each) => each?.Key === CUSTOM_ID_TAG)?.Value;
  else if (typeof tags === "object" && tags !== null && Object.hasOwn(tags, CUSTOM_ID_TAG)) {
    tag = (tags as Record<string, unknown>)[CUSTOM_ID_TAG];
  }
  return tag ?? resource.property(CUSTOM_ID_TAG);
}

export function isApiId(text: string): boolean {
  return /^[a-z0-9]+$/.test(text) && text.length <= MAX_API_ID_CHARACTERS;
}

/** The name a resource goes by when its template gives none: AWS adds random characters, here it stays readable. */
export function generatedName(place: StackPlace, logicalId: string): string {
  return `${place.stackName}-${logicalId}`;
}

export function functionArn(place: StackPlace, name: string): string {
  return `arn:${place.partition}:lambda:${place.region}:${place.accountId}:function:${name}`;
}

/**
 * The function that a `FunctionName` means: a name, `ACCOUNT:function:NAME`, a full ARN, each with or without
 * `:QUALIFIER` (D: Lambda API reference, AddPermission). Undefined for anything else.
 */
export function functionNamed(place: StackPlace, text: string): { arn: string; qualifier?: string } | undefined {
  if (text.startsWith("arn:")) {
    const full = parseArn(text)?.service === "lambda" ? lambdaFunctionArnOf(text) : undefined;
    return full && { arn: full.functionArn, ...(full.qualifier === undefined ? {} : { qualifier: full.qualifier }) };
  }
  const partial = /^(?:(\d{12}):function:)?([A-Za-z0-9_-]+)(?::([A-Za-z0-9_$-]+))?$/.exec(text);
  const [, accountId, name, qualifier] = partial ?? [];
  if (name === undefined) return undefined;
  const arn = functionArn(accountId === undefined ? place : { ...place, accountId }, name);
  return { arn, ...(qualifier === undefined ? {} : { qualifier }) };
}

export function urlSuffix(place: StackPlace): string {
  return place.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}
