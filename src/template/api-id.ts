import { basename, extname } from "node:path";
import type { SourceDocument } from "./document.ts";
import type { Problem } from "./report.ts";
import { SourceNode, show } from "./source-node.ts";

/** The tag that gives an API its id; LocalStack's users know it. */
export const CUSTOM_ID_TAG = "_custom_id_";
/** The same, in the `info` of an OpenAPI document. */
export const CUSTOM_ID_EXTENSION = "x-gatewarden-id";
/** An API id is one label of a host name. */
export const MAX_API_ID_CHARACTERS = 63;

export type ApiIdVerdict =
  | { readonly ok: true; readonly apiId: string; readonly isGiven: boolean }
  | { readonly ok: false; readonly problem: Problem };

/**
 * The id under which an OpenAPI document is served: its tag `_custom_id_` (with `x-amazon-apigateway-tag-value`), else
 * `info.x-gatewarden-id`, else the file's base name in lower case without anything but `[a-z0-9]`, cut at 63.
 */
export function deriveApiId(document: SourceDocument): ApiIdVerdict {
  const root = SourceNode.root(document);
  const given = givenId(root);
  if (given) {
    const { value } = given;
    if (typeof value === "string" && /^[a-z0-9]+$/.test(value) && value.length <= MAX_API_ID_CHARACTERS) {
      return { ok: true, apiId: value, isGiven: true };
    }
    const message = `The API id is ${show(value)}, wanted 1 to ${MAX_API_ID_CHARACTERS} characters of a-z and 0-9.`;
    return { ok: false, problem: { rule: "api-id-invalid", at: given.at(), message, fix: "Correct the id." } };
  }
  const apiId = apiIdFromName(basename(document.file, extname(document.file)));
  if (apiId !== "") return { ok: true, apiId, isGiven: false };
  const message = `The file name ${show(basename(document.file))} has no character of a-z or 0-9 to make an API id of.`;
  const fix = `Rename the file, or set info.${CUSTOM_ID_EXTENSION}.`;
  return { ok: false, problem: { rule: "api-id-invalid", at: root.at(), message, fix } };
}

/** The id made of a name: lower case, `[a-z0-9]` only, at most 63 characters; empty when nothing is left. */
export function apiIdFromName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, MAX_API_ID_CHARACTERS);
}

function givenId(root: SourceNode): SourceNode | undefined {
  const tags = root.get("tags")?.items() ?? [];
  const tag = tags.find((each) => each.get("name")?.value === CUSTOM_ID_TAG);
  return tag?.get("x-amazon-apigateway-tag-value") ?? root.get("info")?.get(CUSTOM_ID_EXTENSION);
}
