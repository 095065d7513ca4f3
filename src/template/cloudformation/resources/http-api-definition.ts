import { basename, join, resolve } from "node:path";
import type { Finding } from "../../../model/finding.ts";
import type { HttpApi } from "../../../model/http-api.ts";
import { derivedDocument, Origins } from "../../derived-document.ts";
import { readDocument, type SourceDocument } from "../../document.ts";
import { readBoolean, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import type { ResourceProblems, StackContext } from "./stack-context.ts";

/** The OpenAPI importer for HTTP APIs, as far as a stack needs it. */
export type ImportHttpApi = (
  document: SourceDocument,
  options: {
    readonly apiId: string;
    readonly basePathMode?: "ignore" | "prepend" | "split";
    readonly failOnWarnings?: boolean;
  },
) => { readonly api?: HttpApi; readonly findings: readonly Finding[] };

/** Whether the API is made of an OpenAPI definition. */
export function hasDefinition(properties: SourceNode): boolean {
  return properties.get("Body") !== undefined || properties.get("BodyS3Location") !== undefined;
}

/** Imports `Body` or `BodyS3Location`; undefined, after findings, when there is nothing to serve. */
export function importDefinition(
  resource: StackResource,
  apiId: string,
  importHttpApi: ImportHttpApi,
  problems: ResourceProblems,
  context: StackContext,
): HttpApi | undefined {
  const { properties } = resource;
  const document = definitionDocument(properties, problems, context);
  if (document === undefined) return undefined;
  const basePathMode = readWord(properties.get("BasePath"), ["ignore", "prepend", "split"], problems.invalid);
  const failOnWarnings = readBoolean(properties.get("FailOnWarnings"), problems.invalid);
  const loaded = importHttpApi(document, {
    apiId,
    ...(basePathMode === undefined ? {} : { basePathMode }),
    ...(failOnWarnings === undefined ? {} : { failOnWarnings }),
  });
  context.report.findings.push(...loaded.findings);
  return loaded.api;
}

/** The document of `Body` or `BodyS3Location`; undefined after a problem. */
export function definitionDocument(
  properties: SourceNode,
  problems: ResourceProblems,
  context: StackContext,
): SourceDocument | undefined {
  const body = properties.get("Body");
  const location = properties.get("BodyS3Location");
  if (body && location) {
    const message = "The API has both Body and BodyS3Location, wanted one of them.";
    problems.add("api-definition-twice", location, message, "Remove one.");
  }
  if (body) {
    if (!body.isMapping) {
      problems.invalid(body, show(body.value), "an OpenAPI document as a mapping");
      return undefined;
    }
    const origins = new Origins();
    return derivedDocument(origins.copy(body), origins, body.at());
  }
  return location && localDefinition(location, problems, context);
}

/** A path beside the template, or the object's own name there: nothing is fetched from S3. */
function localDefinition(
  location: SourceNode,
  problems: ResourceProblems,
  { folder, files, readFile }: StackContext,
): SourceDocument | undefined {
  const key = location.get("Key")?.value;
  const candidates =
    typeof location.value === "string"
      ? [resolve(folder, location.value)]
      : typeof key === "string"
        ? [join(folder, basename(key))]
        : [];
  for (const file of candidates) {
    files.add(file);
    const text = readFile(file);
    if (text === undefined) continue;
    const read = readDocument(file, text);
    if (read.ok) return read.document;
    for (const { rule, message, fix, at } of read.findings) problems.all.push({ rule, message, fix, at });
    return undefined;
  }
  const message = `BodyS3Location names ${show(typeof location.value === "string" ? location.value : key)}, and there is no such file beside the template.`;
  problems.add("api-definition-missing", location, message, "Put the file there, or use Body.");
  return undefined;
}
